"""The revisions of the operational database."""
