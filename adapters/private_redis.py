"""A Redis of this installation's own, for the messages of Prefect's server: on loopback alone, with a password."""

import json
import secrets
import shutil
from pathlib import Path

import redis

from adapters.private_files import write_private
from adapters.settings import settings

BINARY = "redis-server"


def is_installed() -> bool:
    return shutil.which(BINARY) is not None


def folder() -> Path:
    return settings().home / "redis"


def make() -> None:
    """Make the server's folder and its password, unless they are there."""
    if not settings().private_redis_file.exists():
        folder().mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(settings().private_redis_file, json.dumps({"password": secrets.token_urlsafe(24)}).encode())


def command() -> list[str]:
    """The command line of the server; its settings lie in a file, so that no list of processes shows the password."""
    lines = (
        "bind 127.0.0.1",
        f"port {settings().redis_port}",
        f"requirepass {settings().private_redis_password()}",
        f"dir {folder().resolve()}",
        "appendonly yes",
        'save ""',
        "daemonize no",
    )
    folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    write_private(folder() / "redis.conf", "\n".join([*lines, ""]).encode())
    return [shutil.which(BINARY) or BINARY, str(folder() / "redis.conf")]


def answers() -> bool:
    """Whether the server takes connections now."""
    try:
        with redis.Redis.from_url(settings().prefect_redis, socket_connect_timeout=2.0) as server:
            return bool(server.ping())
    except redis.RedisError:
        return False
