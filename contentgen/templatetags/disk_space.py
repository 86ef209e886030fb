"""What the administration shows of the disks."""

from django import template

from contentgen import disk_space

register = template.Library()


@register.simple_tag
def low_disks() -> list[disk_space.Disk]:
    """Return the disks that are nearly full; none where they cannot be asked."""
    try:
        return disk_space.low_disks()
    except OSError:
        return []  # `/health/ready` says that storage is down
