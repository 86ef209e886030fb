"""What the administration shows of the disks."""

from django import template

from contentgen import disk_space
from contentgen.time_limit import within

register = template.Library()

PATIENCE = 1.0  # seconds that a page waits for a disk


@register.simple_tag
def low_disks() -> list[disk_space.Disk]:
    """Return the disks that are nearly full; none where they cannot be asked."""
    try:
        return within(PATIENCE, disk_space.low_disks)
    except OSError:
        return []  # `/health/ready` says that storage is down
