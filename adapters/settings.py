"""The settings of this installation, read once from the environment (``COUNTERSIGN_*``) or its defaults."""

import secrets
from contextlib import suppress
from functools import cache
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

CHECKOUT = Path(__file__).resolve().parents[1]


class Settings(BaseSettings):
    """Embedded defaults: everything under ``var/`` in the checkout, every address on loopback."""

    model_config = SettingsConfigDict(env_prefix="COUNTERSIGN_", extra="ignore")

    home: Path = CHECKOUT / "var"
    operational_url: str = ""
    therapy_url: str = ""
    prefect_port: int = 4200
    desk_port: int = 8480
    portal_port: int = 8481
    public_desk_url: str = ""
    public_portal_url: str = ""
    work_pool: str = "countersign"
    concurrency: int = 4
    poll_seconds: float = 0.2
    tick_seconds: float = 0.25
    threads: int = 1
    encoder_path: Path | None = None
    smtp_url: str = ""
    mail_from: str = "intake@practice.example.org"
    samples: bool = True
    watch_every_seconds: int = 60
    sms_in_secret: str = Field(default="", repr=False)
    master_key: str = Field(default="", repr=False)
    master_key_command: str = Field(default="", repr=False)

    @property
    def operational_database(self) -> str:
        return self.operational_url or f"sqlite:///{self.home / 'operational.db'}"

    @property
    def therapy_database(self) -> str:
        return self.therapy_url or f"sqlite:///{self.home / 'therapy.db'}"

    @property
    def intake_folder(self) -> Path:
        return self.home / "intake"

    @property
    def received_folder(self) -> Path:
        """Files whose rows are all safely stored, kept as they came."""
        return self.home / "received"

    @property
    def to_fix_folder(self) -> Path:
        """Rows that broke their contract, as files to correct and drop again."""
        return self.home / "to-fix"

    @property
    def outbox_folder(self) -> Path:
        return self.home / "outbox"

    @property
    def keys_folder(self) -> Path:
        """The master key unless it comes from elsewhere; the list of destroyed keys."""
        return self.home / "keys"

    @property
    def contract_docs_folder(self) -> Path:
        return self.home / "contract-docs"

    @property
    def prefect_home(self) -> Path:
        return self.home / "prefect"

    @property
    def prefect_api_url(self) -> str:
        return f"http://127.0.0.1:{self.prefect_port}/api"

    @property
    def prefect_ui_url(self) -> str:
        return f"http://127.0.0.1:{self.prefect_port}"

    @property
    def desk_url(self) -> str:
        return self.public_desk_url or f"http://127.0.0.1:{self.desk_port}"

    @property
    def portal_url(self) -> str:
        return self.public_portal_url or f"http://127.0.0.1:{self.portal_port}"

    def make_folders(self) -> None:
        """Create every folder of this installation, closed to other users of the machine."""
        for folder in (
            self.home,
            self.intake_folder,
            self.received_folder,
            self.to_fix_folder,
            self.outbox_folder,
            self.keys_folder,
            self.contract_docs_folder,
            self.prefect_home,
        ):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def signing_key(self) -> str:
        """The secret that signs portal links, made on first use and kept in a file only this user can read."""
        path = self.home / "link-signing-key"
        if not path.exists():
            self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
            fresh = path.with_suffix(f".{secrets.token_hex(4)}")
            fresh.touch(mode=0o600)
            fresh.write_text(secrets.token_urlsafe(48))
            with suppress(FileExistsError):  # another process was first: its key counts
                path.hardlink_to(fresh)
            fresh.unlink()
        return path.read_text()


@cache
def settings() -> Settings:
    """The settings of this process; ``settings.cache_clear()`` reads the environment again."""
    return Settings()
