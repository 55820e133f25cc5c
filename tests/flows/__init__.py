"""Tests of the flows on a real Prefect server."""
