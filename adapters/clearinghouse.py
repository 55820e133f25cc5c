"""Carries claim files to the clearinghouse and its answers back: through a folder, or over SFTP."""

import os
from pathlib import Path

from adapters.clearinghouse_sftp import SftpCarrier, SftpPlace
from adapters.file_drop import DroppedFile, take_away, waiting_files
from adapters.private_files import sync_folder, write_private
from adapters.sent_marks import send_once
from adapters.settings import settings
from models.errors import OutsideRefused

SETTLE_SECONDS = 2.0


class FolderCarrier:
    """Lays files into ``outgoing`` and takes answers out of ``incoming``; another program carries them on.

    Files in ``incoming`` that changed within the last ``settle_seconds`` may be half written and wait.
    """

    def __init__(self, folder: Path, settle_seconds: float = SETTLE_SECONDS) -> None:
        self.outgoing, self.incoming, self.sent = folder / "outgoing", folder / "incoming", folder / "sent"
        self.settle_seconds = settle_seconds

    def send(self, name: str, data: bytes) -> bool:
        """Lay the file there, once ever; says whether it was laid now. Raises OutsideRefused: see ``send_once``."""
        return send_once(self.sent, name, data, self)

    def fetch(self) -> list[DroppedFile]:
        """The whole files that wait, oldest first; they stay there until ``done``."""
        return waiting_files(self.incoming, self.settle_seconds) if self.incoming.is_dir() else []

    def done(self, file: DroppedFile) -> None:
        """Take away a file whose content is on record; again changes nothing."""
        take_away(file)

    def stage(self, name: str, data: bytes) -> None:
        write_private(self._staged(name), data)

    def is_staged(self, name: str) -> bool:
        return self._staged(name).exists()

    def release(self, name: str) -> None:
        os.replace(self._staged(name), self.outgoing / name)
        sync_folder(self.outgoing)

    def read(self, name: str) -> bytes | None:
        try:
            return (self.outgoing / name).read_bytes()
        except FileNotFoundError:
            return None

    def _staged(self, name: str) -> Path:
        return self.outgoing / f".{name}.part"


Carrier = FolderCarrier | SftpCarrier


def carrier() -> Carrier:
    """The carrier that the settings name; raises OutsideRefused, naming the settings that SFTP still lacks."""
    here = settings()
    folder = FolderCarrier(here.clearinghouse_folder)
    if here.clearinghouse == "folder":
        return folder
    needed = {
        "COUNTERSIGN_CLEARINGHOUSE_HOST": here.clearinghouse_host,
        "COUNTERSIGN_CLEARINGHOUSE_USER": here.clearinghouse_user,
        "COUNTERSIGN_CLEARINGHOUSE_KEY_FILE": here.clearinghouse_key_file,
        "COUNTERSIGN_CLEARINGHOUSE_HOST_KEY": here.clearinghouse_host_key,
    }
    missing = [name for name, value in needed.items() if not value]
    if missing or here.clearinghouse_key_file is None:
        raise OutsideRefused(f"the clearinghouse cannot be reached over SFTP without {', '.join(missing)}")
    place = SftpPlace(
        host=here.clearinghouse_host,
        port=here.clearinghouse_port,
        user=here.clearinghouse_user,
        key_file=here.clearinghouse_key_file,
        passphrase=here.clearinghouse_key_passphrase,
        host_keys=tuple(filter(None, (line.strip() for line in here.clearinghouse_host_key.split(",")))),
        upload_folder=here.clearinghouse_upload_folder,
        download_folder=here.clearinghouse_download_folder,
        taken_folder=here.clearinghouse_taken_folder,
    )
    return SftpCarrier(place, here.clearinghouse_folder)
