"""Carries files to and from a clearinghouse's SFTP server, whose host key is known beforehand."""

import base64
import logging
import os
import posixpath
import secrets
import socket
import stat
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import paramiko

from adapters.file_drop import HALF_WRITTEN_SUFFIXES, DroppedFile, plain_name, take_away, takeable_name, waiting_files
from adapters.private_files import sync_folder
from adapters.sent_marks import send_once
from models.errors import OutsideRefused, OutsideUnavailable

TIMEOUT_SECONDS = 30.0
SETTLE_SECONDS = 5.0
AT_ONCE = 64
"""Requests of a download that are under way at once; what they bring waits in memory."""
_SIGNED_AS = {"ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256")}
"""By which names a server offers a key of this kind, where they are not the kind's own."""
_OTHER_KEY = "the clearinghouse's server does not show a host key that is known"
log = logging.getLogger(__name__)
logging.getLogger("paramiko").setLevel(logging.CRITICAL)  # what it would log is raised as an error of ours


@dataclass(frozen=True)
class SftpPlace:
    """Where the clearinghouse's server is. ``host_keys`` are lines such as ``ssh-ed25519 AAAA…``: any other is refused.

    ``taken_folder`` is where a downloaded file is moved on the server; "" removes it there.
    """

    host: str
    user: str
    key_file: Path
    host_keys: tuple[str, ...]
    port: int = 22
    passphrase: str = field(default="", repr=False)
    upload_folder: str = "outgoing"
    download_folder: str = "incoming"
    taken_folder: str = ""
    timeout: float = TIMEOUT_SECONDS


class SftpCarrier:
    """Uploads to the server and downloads its files into ``<folder>/incoming``, from where they are taken.

    A remote file counts as whole when neither size nor time of change moved for ``settle_seconds``. Every method
    raises OutsideUnavailable (connection trouble: try again) or OutsideRefused (host key, sign-in, folder, rights).
    """

    def __init__(self, place: SftpPlace, folder: Path, settle_seconds: float = SETTLE_SECONDS) -> None:
        self.place, self.incoming, self.sent = place, folder / "incoming", folder / "sent"
        self.settle_seconds = settle_seconds

    def send(self, name: str, data: bytes) -> bool:
        """Upload the file, once ever; says whether it was uploaded now."""
        with self._connected() as sftp:
            return send_once(self.sent, name, data, _RemoteFolder(sftp, self.place.upload_folder))

    def fetch(self) -> list[DroppedFile]:
        """Download what is whole, then list what waits here, oldest first; it stays here until ``done``."""
        self.incoming.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._connected() as sftp:
            for name, seen in self._whole_remote_files(sftp):
                self._download(sftp, name, seen)
        return waiting_files(self.incoming, settle_seconds=0)

    def done(self, file: DroppedFile) -> None:
        """Take away a file whose content is on record; again changes nothing."""
        take_away(file)

    def _whole_remote_files(self, sftp: paramiko.SFTPClient) -> list[tuple[str, paramiko.SFTPAttributes]]:
        first = _files(sftp, self.place.download_folder)
        if not first:
            return []
        time.sleep(self.settle_seconds)
        second = _files(sftp, self.place.download_folder)
        return [(name, seen) for name, seen in sorted(second.items()) if name in first and _same(first[name], seen)]

    def _download(self, sftp: paramiko.SFTPClient, name: str, seen: paramiko.SFTPAttributes) -> None:
        """One file, whole or not at all; it leaves the server only when it lies safely here."""
        remote = posixpath.join(self.place.download_folder, name)
        half = self.incoming / f".{secrets.token_hex(8)}.part"
        try:
            with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                sftp.getfo(remote, file, max_concurrent_prefetch_requests=AT_ONCE)
                file.flush()
                os.fsync(file.fileno())
            if half.stat().st_size != seen.st_size or not _same(sftp.lstat(remote), seen):
                log.info("a remote file changed while it was read; it stays there for the next look")
                return
            self._settle(half, name)
        finally:
            half.unlink(missing_ok=True)
        if self.place.taken_folder:
            _move(sftp, remote, posixpath.join(self.place.taken_folder, name))
        else:
            sftp.remove(remote)

    def _settle(self, half: Path, name: str) -> None:
        """Under its own name, or the nearest free one; a copy that lies here already is not kept twice."""
        stem, suffix = os.path.splitext(plain_name(takeable_name(name)).replace("/", "_"))
        number = 1
        while True:
            target = self.incoming / (f"{stem}{suffix}" if number == 1 else f"{stem}-{number}{suffix}")
            try:
                os.link(half, target)
            except FileExistsError:
                if _same_content(half, target):
                    return
                number += 1
                continue
            sync_folder(self.incoming)
            return

    @contextmanager
    def _connected(self) -> Iterator[paramiko.SFTPClient]:
        """A signed-in session; whatever goes wrong in it is told as one of our own errors."""
        try:
            with closing(_signed_in(self.place)) as transport:
                sftp = paramiko.SFTPClient.from_transport(transport)
                if sftp is None:
                    raise OutsideUnavailable("the clearinghouse's server opens no SFTP session")
                with closing(sftp):
                    sftp.get_channel().settimeout(self.place.timeout)
                    yield sftp
        except paramiko.ssh_exception.IncompatiblePeer as other:
            raise OutsideRefused(_OTHER_KEY) from other
        except paramiko.AuthenticationException as refused:
            raise OutsideRefused("the clearinghouse's server does not accept our sign-in") from refused
        except (FileNotFoundError, PermissionError) as refused:
            said = "has no such folder or file" if isinstance(refused, FileNotFoundError) else "does not permit it"
            raise OutsideRefused(f"the clearinghouse's server {said}") from refused
        except (paramiko.SSHException, OSError, EOFError) as trouble:
            raise OutsideUnavailable(f"the clearinghouse's server: {type(trouble).__name__}") from trouble


class _RemoteFolder:
    """The server's folder as files are sent into it."""

    def __init__(self, sftp: paramiko.SFTPClient, folder: str) -> None:
        self.sftp, self.folder = sftp, folder

    def stage(self, name: str, data: bytes) -> None:
        self.sftp.putfo(BytesIO(data), self._staged(name), file_size=len(data), confirm=True)

    def is_staged(self, name: str) -> bool:
        with suppress(FileNotFoundError):
            self.sftp.lstat(self._staged(name))
            return True
        return False

    def release(self, name: str) -> None:
        _move(self.sftp, self._staged(name), posixpath.join(self.folder, name))

    def read(self, name: str) -> bytes | None:
        content = BytesIO()
        try:
            self.sftp.getfo(posixpath.join(self.folder, name), content, max_concurrent_prefetch_requests=AT_ONCE)
        except FileNotFoundError:
            return None
        return content.getvalue()

    def _staged(self, name: str) -> str:
        return posixpath.join(self.folder, f".{name}.part")


def _signed_in(place: SftpPlace) -> paramiko.Transport:
    """A connection to the server that shows a known host key; our name and key go to no other."""
    known, own = [_host_key(line) for line in place.host_keys], _own_key(place)
    socket_there = socket.create_connection((place.host, place.port), timeout=place.timeout)
    transport = paramiko.Transport(socket_there)
    try:
        transport.banner_timeout = transport.auth_timeout = transport.channel_timeout = place.timeout
        options = transport.get_security_options()
        asked = {kind for key in known for kind in _SIGNED_AS.get(key.get_name(), (key.get_name(),))}
        options.key_types = [kind for kind in options.key_types if kind in asked]
        transport.start_client(timeout=place.timeout)
        if transport.get_remote_server_key() not in known:
            raise OutsideRefused(_OTHER_KEY)
        transport.auth_publickey(place.user, own)
    except BaseException:
        transport.close()
        raise
    return transport


def _files(sftp: paramiko.SFTPClient, folder: str) -> dict[str, paramiko.SFTPAttributes]:
    """The plain files of a remote folder by name, without those whose names mark them as half written."""
    return {
        each.filename: each
        for each in sftp.listdir_attr(folder)
        if stat.S_ISREG(each.st_mode or 0)
        and not each.filename.startswith((".", "~$"))
        and os.path.splitext(each.filename)[1].lower() not in HALF_WRITTEN_SUFFIXES
    }


def _same(one: paramiko.SFTPAttributes, other: paramiko.SFTPAttributes) -> bool:
    return (one.st_size, one.st_mtime) == (other.st_size, other.st_mtime)


def _same_content(one: Path, other: Path) -> bool:
    return one.stat().st_size == other.stat().st_size and one.read_bytes() == other.read_bytes()


def _move(sftp: paramiko.SFTPClient, source: str, target: str) -> None:
    """By the rename that replaces in one step; a server without it gets the plain one."""
    try:
        sftp.posix_rename(source, target)
    except (FileNotFoundError, PermissionError):
        raise
    except OSError:
        sftp.rename(source, target)


def _host_key(line: str) -> paramiko.PKey:
    """The key of a line ``kind base64 [comment]``; raises OutsideRefused for one that is none."""
    kind, _, rest = line.strip().partition(" ")
    try:
        return paramiko.PKey.from_type_string(kind, base64.b64decode(rest.partition(" ")[0], validate=True))
    except (paramiko.SSHException, paramiko.UnknownKeyType, ValueError) as broken:
        raise OutsideRefused("COUNTERSIGN_CLEARINGHOUSE_HOST_KEY is no host key") from broken


def _own_key(place: SftpPlace) -> paramiko.PKey:
    """Our private key; raises OutsideRefused when it is missing, open to others, or cannot be opened."""
    try:
        if place.key_file.stat().st_mode & 0o077:
            raise OutsideRefused("the key file for the clearinghouse can be read by others: chmod 600")
        return paramiko.PKey.from_path(place.key_file, password=place.passphrase or None)
    except FileNotFoundError:
        raise OutsideRefused("there is no key file for the clearinghouse") from None
    except (paramiko.SSHException, ValueError, TypeError) as broken:
        raise OutsideRefused("the key file for the clearinghouse cannot be opened") from broken
