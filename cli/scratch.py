"""Proves a backup by restoring it into a scratch place, which is removed again."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from adapters.settings import CHECKOUT, settings
from models.errors import BackupRefused


def prove(file: Path) -> str:
    """What a restore of this backup says; raises BackupRefused with its refusal.

    A process of its own restores into SQLite files beside this installation, with copies of its keys. They are removed
    afterwards, whatever happens.
    """
    here = settings()
    here.make_folders()
    with tempfile.TemporaryDirectory(prefix=".proving-", dir=here.home) as scratch:
        if here.keys_folder.is_dir():
            shutil.copytree(here.keys_folder, Path(scratch) / here.keys_folder.name)
        own = {"COUNTERSIGN_HOME", "COUNTERSIGN_OPERATIONAL_URL", "COUNTERSIGN_THERAPY_URL"}
        environment = {name: value for name, value in os.environ.items() if name not in own}
        ended = subprocess.run(
            [sys.executable, "-m", "cli.app", "restore", str(file.resolve())],
            cwd=CHECKOUT,
            env={**environment, "COUNTERSIGN_HOME": scratch, "COLUMNS": "10000"},  # no line of it is folded
            capture_output=True,
            text=True,
            check=False,
        )
    if ended.returncode != 0:
        raise BackupRefused(f"this backup cannot be restored: {ended.stderr.strip() or ended.returncode}")
    return ended.stdout.strip().replace("Restored as of", "Can be restored as of", 1)
