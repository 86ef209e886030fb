"""What the drills of a restored studio have in common: a few videos, most of which wait in the queue."""

from collections import Counter
from pathlib import Path

from tests.chaos.faults import ControlClient
from tests.studio import Studio

VIDEOS = 16
IN_FLIGHT = 2  # at once, so that most of them wait in the queue when the backup is made


def all_prompts(count: int = VIDEOS) -> set[str]:
    return {f"A paper boat number {number:02d}" for number in range(count)}


def queue_videos(studio: Studio, folder: Path, count: int = VIDEOS) -> None:
    """Ask for the videos, of which the backend is sent `IN_FLIGHT` at once. `folder` gets their file."""
    code = f"""
from videos.models import Backend
backend = Backend.objects.for_environment()
Backend.objects.filter(pk=backend.pk).update(max_in_flight={IN_FLIGHT})"""
    assert studio.manage("shell", "-v0", "-c", code).returncode == 0
    batch = folder / "batch.csv"
    batch.write_text("\n".join(["prompt", *sorted(all_prompts(count))]))
    queued = studio.manage("generate_batch", str(batch), "--user", "owner")
    assert queued.returncode == 0, queued.stderr


def prompts_at(control: ControlClient) -> Counter[str]:
    """Return what the backend was asked for, and how often: each of it was paid for."""
    return Counter(entry["prompt"] for entry in control.ledger())
