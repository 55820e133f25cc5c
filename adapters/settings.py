"""The settings of this installation, read once from the environment (``COUNTERSIGN_*``) or its defaults."""

import json
import secrets
from functools import cache
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from adapters.secret_files import kept_secret

CHECKOUT = Path(__file__).resolve().parents[1]


class Settings(BaseSettings):
    """Embedded defaults: everything under ``var/`` in the checkout, every address on loopback."""

    model_config = SettingsConfigDict(env_prefix="COUNTERSIGN_", env_ignore_empty=True, extra="ignore")

    home: Path = CHECKOUT / "var"
    operational_url: str = Field(default="", repr=False)
    therapy_url: str = Field(default="", repr=False)
    prefect_database_url: str = Field(default="", repr=False)
    postgres_port: int = 5480
    prefect_port: int = 4200
    prefect_sign_in: str = Field(default="", repr=False)
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
    note_generator_path: Path | None = None
    """A local seq2seq or causal checkpoint that may propose sentences for note drafts; none by default."""
    smtp_url: str = ""
    mail_from: str = "intake@practice.example.org"
    samples: bool = True
    watch_every_seconds: int = 60
    prove_by_itself: bool = True
    """Whether a worker has a version proved that was never proved here; `countersign prove` does it by hand."""
    dask: str = ""
    """Where the heavy parts of the night are done: a Dask scheduler's address, or ``local`` for workers made for it."""
    dask_workers: int = 2
    redis_url: str = Field(default="", repr=False)
    """Where Prefect's server keeps its messages; empty: in its own memory, or in the Redis made beside PostgreSQL."""
    redis_port: int = 6480
    anchor_folder: Path | None = None
    metrics_secret: str = Field(default="", repr=False)
    sms_in_secret: str = Field(default="", repr=False)
    master_key: str = Field(default="", repr=False)
    master_key_command: str = Field(default="", repr=False)
    trusted_proxies: str = ""
    oidc_issuer: str = ""
    oidc_registered_as: str = Field(default="", validation_alias="COUNTERSIGN_OIDC_CLIENT_ID")
    oidc_secret: str = Field(default="", validation_alias="COUNTERSIGN_OIDC_CLIENT_SECRET", repr=False)
    oidc_acr: str = ""
    """Addresses or networks, separated by commas, whose word about the visitor's address is believed."""
    largest_file_mb: int = Field(default=20, ge=1, le=500)
    """A referral file larger than this is kept, not read."""
    backup_key: str = Field(default="", repr=False)
    backup_key_command: str = Field(default="", repr=False)
    backup_folder: Path | None = None
    backup_keep: int = 14
    clearinghouse: Literal["folder", "sftp"] = "folder"
    clearinghouse_host: str = ""
    clearinghouse_port: int = 22
    clearinghouse_user: str = ""
    clearinghouse_key_file: Path | None = None
    clearinghouse_key_passphrase: str = Field(default="", repr=False)
    clearinghouse_host_key: str = ""
    """The server's public host key, ``ssh-ed25519 AAAA…``; several, separated by commas, while it changes."""
    clearinghouse_upload_folder: str = "outgoing"
    clearinghouse_download_folder: str = "incoming"
    clearinghouse_taken_folder: str = ""
    """Where a downloaded file is moved on the server; empty: it is removed there."""
    claim_usage: Literal["T", "P"] = "T"
    """ISA15 of our files: T is for testing, P is for claims that are to be paid."""
    claims_second_opinion: bool = False
    """Whether pyx12, an X12 checker that is not ours, must accept each claim file before it leaves."""
    simulated_payer: bool | None = None
    """Unset: in the sample practice alone."""

    @model_validator(mode="after")
    def _no_real_claim_is_simulated(self) -> Self:
        if self.simulated_payer and (self.claim_usage == "P" or self.clearinghouse == "sftp"):
            raise ValueError("COUNTERSIGN_SIMULATED_PAYER answers test claims (usage T) in the folder, no others")
        return self

    @property
    def simulates_payer(self) -> bool:
        """Whether claims are answered by the simulated payer: where it is asked for, else in the sample practice.

        An installation is the sample practice when it was seeded as one and still has samples; it never is when claims
        leave for real.
        """
        if self.simulated_payer is not None:
            return self.simulated_payer
        leaves = self.claim_usage == "P" or self.clearinghouse == "sftp"
        return self.samples and not leaves and self.sample_sign_ins_file.exists()

    @property
    def sample_sign_ins_file(self) -> Path:
        """How the sample staff sign in; it lies only where the sample practice was seeded."""
        return self.home / "sample-sign-ins.json"

    @property
    def clearinghouse_folder(self) -> Path:
        """``outgoing``, ``incoming`` and ``sent``: what leaves for the clearinghouse, comes from it, has left."""
        return self.home / "clearinghouse"

    @property
    def billing_folder(self) -> Path:
        """The practice's billing tables; without them nothing is billed from here."""
        return self.home / "billing"

    @property
    def largest_file(self) -> int:
        """In bytes."""
        return self.largest_file_mb * 1024 * 1024

    @property
    def operational_database(self) -> str:
        return self.operational_url or self._private("operational") or f"sqlite:///{self.home / 'operational.db'}"

    @property
    def therapy_database(self) -> str:
        return self.therapy_url or self._private("therapy") or f"sqlite:///{self.home / 'therapy.db'}"

    @property
    def prefect_database(self) -> str:
        """Where Prefect's server keeps its runs; empty for the SQLite file that Prefect makes of its own."""
        return self.prefect_database_url or self._private("prefect", driver="postgresql+asyncpg")

    @property
    def private_postgres_file(self) -> Path:
        """The passwords of the PostgreSQL server of this installation's own; where it lies, that server is used."""
        return self.home / "private-postgresql"

    def private_postgres_passwords(self) -> dict[str, str]:
        """The password of each role; raises FileNotFoundError where there is no such server."""
        return dict(json.loads(self.private_postgres_file.read_text())["passwords"])

    def _private(self, which: str, driver: str = "postgresql+psycopg") -> str:
        if not self.private_postgres_file.exists():
            return ""
        name, password = f"countersign_{which}", self.private_postgres_passwords()[which]
        return f"{driver}://{name}:{password}@127.0.0.1:{self.postgres_port}/{name}"

    @property
    def private_redis_file(self) -> Path:
        """The password of the Redis of this installation's own; where it lies, that server is used."""
        return self.home / "private-redis"

    def private_redis_password(self) -> str:
        """Raises FileNotFoundError where there is no such server."""
        return str(json.loads(self.private_redis_file.read_text())["password"])

    @property
    def prefect_redis(self) -> str:
        """Where Prefect's server keeps its messages; empty for its own memory."""
        if self.redis_url or not self.private_redis_file.exists():
            return self.redis_url
        return f"redis://:{self.private_redis_password()}@127.0.0.1:{self.redis_port}/0"

    @property
    def intake_folder(self) -> Path:
        return self.home / "intake"

    @property
    def sessions_folder(self) -> Path:
        """Where session exports are dropped: an index and its transcripts, in a subfolder for each location."""
        return self.home / "sessions"

    @property
    def appointments_folder(self) -> Path:
        """Where a practice's own appointment history is dropped."""
        return self.home / "appointments"

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
        """The master key unless it comes from elsewhere, the backup key; the list of destroyed keys."""
        return self.home / "keys"

    @property
    def models_folder(self) -> Path:
        """The versions of weights that this practice made, and which of them is in force."""
        return self.home / "models"

    @property
    def contract_docs_folder(self) -> Path:
        return self.home / "contract-docs"

    @property
    def anchors_folder(self) -> Path:
        """Where the ends of the audit chains are noted, outside the databases."""
        return self.anchor_folder or self.home / "anchors"

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
            self.sessions_folder,
            self.appointments_folder,
            self.received_folder,
            self.to_fix_folder,
            self.outbox_folder,
            *(self.clearinghouse_folder / each for each in ("", "outgoing", "incoming", "sent")),
            self.billing_folder,
            self.keys_folder,
            self.models_folder,
            self.contract_docs_folder,
            self.anchors_folder,
            self.prefect_home,
        ):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    @property
    def prefect_sign_in_file(self) -> Path:
        return self.home / "prefect-sign-in"

    def metrics_token(self) -> str:
        """What a monitor must show to read the figures: from the environment, else made on first use and kept."""
        kept = self.home / "metrics-token"
        return (self.metrics_secret or kept_secret(kept, lambda: secrets.token_urlsafe(32))).strip()

    @property
    def has_prefect_sign_in(self) -> bool:
        return bool(self.prefect_sign_in) or self.prefect_sign_in_file.exists()

    def prefect_sign_in_words(self) -> str:
        """``name:password`` of Prefect's pages and API: from the environment, else made on first use and kept.

        Raises ValueError for words that Prefect could not tell apart.
        """
        words = self.prefect_sign_in or kept_secret(
            self.prefect_sign_in_file, lambda: f"analyst:{secrets.token_urlsafe(32)}"
        )
        name, _, password = words.strip().partition(":")
        if not name or not password:
            source = "COUNTERSIGN_PREFECT_SIGN_IN" if self.prefect_sign_in else str(self.prefect_sign_in_file)
            raise ValueError(f"{source} must hold name:password")
        return f"{name}:{password}"


@cache
def settings() -> Settings:
    """The settings of this process; ``settings.cache_clear()`` reads the environment again."""
    return Settings()
