"""The night's backup, where the settings name a folder for it."""

from adapters import backing_up
from adapters.settings import settings
from tasks.steps import step


@step("back up")
def back_up() -> int:
    """Write one backup and let go of the oldest; returns its bytes, 0 where no folder is named.

    Raises BackupRefused or OutsideUnavailable: a night without its backup is a failed run, which somebody is told of.
    """
    if settings().backup_folder is None:
        return 0
    return backing_up.back_up_by_setting("system").bytes
