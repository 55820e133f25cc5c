"""The revisions of the therapy database."""
