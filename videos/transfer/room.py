"""Whether what is to be brought in fits on the disks of the studio."""

from contentgen.disk_space import disks
from videos.transfer.errors import TransferError


def require_room(needed: int) -> None:
    """Raise `TransferError` unless so many bytes fit, and leave what must be free."""
    for disk in disks():
        if disk.free - disk.minimum < needed:
            raise TransferError(
                f"There is not enough room: it takes {needed >> 20:,} MB, and {disk.free >> 20:,} MB are "
                f"free on the disk of {disk.setting}. Nothing was imported."
            )
