"""What every process of an installation must have in its environment before it imports Prefect."""

import os

from adapters.settings import CHECKOUT, settings

ANALYTICS_OFF = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "GX_ANALYTICS_ENABLED": "false",
    "HF_HUB_OFFLINE": "1",
    # the server has its CSRF check off, as Prefect ships it; asking for a token would cost a request per client
    "PREFECT_CLIENT_CSRF_SUPPORT_ENABLED": "false",
}
ALARM_SERVICES = ("TRIGGERS", "LATE_RUNS", "EVENT_PERSISTER")
"""The parts of Prefect's server without which its automation never rings."""
LOOPBACK = "127.0.0.1"
NOTHING_ELSE_LISTENS = {
    "PREFECT_SERVER_API_HOST": LOOPBACK,
    "PREFECT_WORKER_WEBSERVER_HOST": LOOPBACK,
    "PREFECT_RUNNER_SERVER_HOST": LOOPBACK,
    "PREFECT_RUNNER_SERVER_ENABLE": "false",
    # Prefect would serve a client's metrics on every address of the machine
    "PREFECT_CLIENT_METRICS_ENABLED": "false",
}
"""Whatever was set before: no process of ours opens a port to the network; a proxy in front does that."""


def environment() -> dict[str, str]:
    """Prefect's home, address and sign-in of this installation, every outside report off, and few threads.

    The address is always this installation's own: whoever has another Prefect configured must not deploy to it.
    """
    here = settings()
    return {
        **ANALYTICS_OFF,
        **NOTHING_ELSE_LISTENS,
        **_prefect_sign_in(),
        **_prefect_database(),
        **_prefect_messages(),
        "PREFECT_HOME": str(here.prefect_home),
        "PREFECT_API_URL": here.prefect_api_url,
        "PREFECT_UI_URL": here.prefect_ui_url,
        "PREFECT_LOGGING_SETTINGS_PATH": str(CHECKOUT / "cli" / "prefect_logging.yml"),
        "PREFECT_LOGGING_LEVEL": os.environ.get("PREFECT_LOGGING_LEVEL", "INFO"),
        # Few runs are made ahead: those of a stopped installation would all start late when it comes back.
        "PREFECT_SERVER_SERVICES_SCHEDULER_MIN_SCHEDULED_TIME": "PT2M",
        # Cases queue for minutes behind a large intake; what waits longer than that is late, and rings the alarm.
        "PREFECT_SERVER_SERVICES_LATE_RUNS_AFTER_SECONDS": "300",
        **{f"PREFECT_SERVER_SERVICES_{name}_ENABLED": "true" for name in ALARM_SERVICES},
        "COUNTERSIGN_CHECKOUT": str(CHECKOUT),
        "COUNTERSIGN_HOME": str(here.home.resolve()),
        "OMP_NUM_THREADS": str(here.threads),
        "TOKENIZERS_PARALLELISM": "false",
        "PYTHONUNBUFFERED": "1",
    }


def _prefect_sign_in() -> dict[str, str]:
    """What Prefect's server asks of everybody, for the server and for whoever calls it.

    Before the first run there is none; that run makes it before it starts the server.
    """
    if not settings().has_prefect_sign_in:
        return {}
    words = settings().prefect_sign_in_words()
    return {"PREFECT_SERVER_API_AUTH_STRING": words, "PREFECT_API_AUTH_STRING": words}


def _prefect_database() -> dict[str, str]:
    """Where Prefect's server keeps its runs; without a setting of ours, what Prefect makes of its own."""
    url = settings().prefect_database
    return {"PREFECT_API_DATABASE_CONNECTION_URL": url} if url else {}


def _prefect_messages() -> dict[str, str]:
    """Where the parts of Prefect's server tell each other what happened: in Redis where one is, else in memory."""
    url = settings().prefect_redis
    if not url:
        return {}
    return {
        "PREFECT_MESSAGING_BROKER": "prefect_redis.messaging",
        "PREFECT_MESSAGING_CACHE": "prefect_redis.messaging",
        "PREFECT_SERVER_EVENTS_CAUSAL_ORDERING": "prefect_redis.ordering",
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect_redis.lease_storage",
        "PREFECT_REDIS_MESSAGING_URL": url,
        "PREFECT_SERVER_DOCKET_URL": url,
    }


def enter() -> None:
    """Put this installation's environment in force, and keep every file made from here on to this user."""
    os.umask(0o077)
    os.environ.update(environment())
