"""How much room is left on the disks that the studio writes to, and whether that is too little."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.files.storage import default_storage

from contentgen.storage_interface import local_folder

_GIB = 1 << 30
_DEFAULT_SHARE = 0.05


@dataclass(frozen=True)
class Disk:
    """A disk, by the setting that names a folder on it. Sizes are in bytes."""

    setting: str
    free: int
    total: int

    @property
    def used(self) -> int:
        return self.total - self.free

    @property
    def minimum(self) -> int:
        """How much must be free: `MIN_FREE_DISK`, else 1 GiB or 5 % of the disk, whichever is smaller."""
        chosen: int | None = settings.MIN_FREE_DISK
        return int(min(_GIB, self.total * _DEFAULT_SHARE)) if chosen is None else chosen

    @property
    def is_low(self) -> bool:
        return self.free < self.minimum


def disks() -> list[Disk]:
    """Return the disks of `VIDEO_STORAGE_PATH` and `DATA_DIR`, once where both are on the same one.

    Those of this process's machine: workers elsewhere may have a `DATA_DIR` of their own.
    """
    found: dict[int, Disk] = {}
    stored = local_folder(default_storage)  # storage elsewhere has no disk of ours
    folders = {"VIDEO_STORAGE_PATH": stored, "DATA_DIR": settings.DATA_DIR}
    for setting, folder in folders.items():
        if folder:
            path = _existing(Path(folder))
            usage = shutil.disk_usage(path)
            found.setdefault(path.stat().st_dev, Disk(setting, usage.free, usage.total))
    return list(found.values())


def low_disks() -> list[Disk]:
    """Return the disks with less room than there should be."""
    return [disk for disk in disks() if disk.is_low]


def _existing(path: Path) -> Path:
    """The folder, or the nearest one above it that is there already."""
    return next(folder for folder in (path, *path.parents) if folder.is_dir())
