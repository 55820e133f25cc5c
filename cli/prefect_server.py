"""Runs Prefect's own command line with the log of its web server in our format.

Prefect hands uvicorn no log settings, and uvicorn's own would print the traces of failed calls, with what was sent.
"""

import runpy

import uvicorn.config

if __name__ == "__main__":
    # the default that uvicorn.run was defined with, so it is changed in place: everything goes to the root's lines
    uvicorn.config.LOGGING_CONFIG["handlers"] = {}
    uvicorn.config.LOGGING_CONFIG["loggers"] = {
        "uvicorn": {"level": "WARNING", "handlers": [], "propagate": True},
        "uvicorn.access": {"level": "WARNING", "handlers": [], "propagate": True},
    }
    runpy.run_module("prefect", run_name="__main__", alter_sys=True)
