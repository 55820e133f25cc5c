"""A real sshd for one test file: on a free port, as the present user, with keys made for it, SFTP only."""

import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SSHD = next((path for path in ("/usr/sbin/sshd", shutil.which("sshd") or "") if os.access(path, os.X_OK)), "")
PRIVILEGE_SEPARATION = Path("/run/sshd")
SERVER_LIVES_SECONDS = 20


@dataclass(frozen=True)
class SftpServer:
    """``files`` holds the remote folders, ``key_file`` signs in, ``host_key`` is the server's public line."""

    port: int
    user: str
    files: Path
    key_file: Path
    host_key: str
    log: Path


@contextmanager
def running_sshd(folder: Path) -> Iterator[SftpServer]:
    """The server while the block lasts; skips, with the reason, where there is none."""
    if not SSHD:
        pytest.skip("there is no sshd here (package openssh-server)")
    if os.geteuid() == 0:  # as root it gives its rights away there, and does not start without the folder
        PRIVILEGE_SEPARATION.mkdir(mode=0o755, exist_ok=True)
    files = folder / "files"
    for name in ("outgoing", "incoming", "taken"):
        (files / name).mkdir(parents=True)
    host_key, own_key = make_key(folder / "host_key"), make_key(folder / "own_key")
    (folder / "authorized").write_text(own_key + "\n")
    port = free_port()
    config = folder / "sshd_config"
    config.write_text(
        f"""
        ListenAddress 127.0.0.1
        Port {port}
        HostKey {folder / "host_key"}
        AuthorizedKeysFile {folder / "authorized"}
        PidFile none
        StrictModes no
        UsePAM no
        PermitRootLogin prohibit-password
        PasswordAuthentication no
        KbdInteractiveAuthentication no
        Subsystem sftp internal-sftp -d {files}
        ForceCommand internal-sftp -d {files}
        """
    )
    log = folder / "log"
    with log.open("w") as written:
        server = subprocess.Popen([SSHD, "-D", "-e", "-f", str(config)], stderr=written, stdin=subprocess.DEVNULL)
    try:
        _wait_for(port, server, log)
        yield SftpServer(port, getpass.getuser(), files, folder / "own_key", host_key, log)
    finally:
        server.terminate()
        server.wait(SERVER_LIVES_SECONDS)


def make_key(path: Path) -> str:
    """A new private key in the file; returns its public line."""
    key = Ed25519PrivateKey.generate()
    path.touch(mode=0o600)
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption())
    )
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return public.decode()


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def _wait_for(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + SERVER_LIVES_SECONDS
    while time.monotonic() < until:
        if server.poll() is not None:
            break
        with socket.socket() as trying:
            if trying.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    pytest.fail(f"sshd did not start: {log.read_text()}")
