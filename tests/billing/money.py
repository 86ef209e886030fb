"""What tests ask the ledger."""

from decimal import Decimal

from django.db.models import Sum

from accounts.models import User
from billing.models import LedgerLine
from videos.engine.ledger_check import find_contradictions
from videos.models import State, Video
from videos.services.generation_requests import GenerationRequest
from videos.services.videos import create_video


def dollars(text: str) -> Decimal:
    return Decimal(text)


def sums() -> tuple[Decimal, Decimal]:
    """What is reserved, and what is spent, by the whole ledger."""
    found = LedgerLine.objects.aggregate(reserved=Sum("reserved"), spent=Sum("spent"))
    return found["reserved"] or Decimal(0), found["spent"] or Decimal(0)


def kinds(video: Video) -> list[str]:
    """The lines of a video in order, such as `1 reserve created`."""
    lines = LedgerLine.objects.filter(video_id=video.pk).order_by("pk")
    return [f"{line.attempt} {line.kind} {line.transition}" for line in lines]


def make(owner: User, seconds: int = 4, prompt: str = "A paper boat") -> Video:
    return create_video(owner, GenerationRequest(prompt, "sora-2", seconds, "1280x720"))


def put_into(video: Video, state: State, **fields: object) -> Video:
    """Put a row into a state without the lifecycle, so without a line of the ledger."""
    Video.objects.filter(pk=video.pk).update(state=state, **fields)
    video.refresh_from_db()
    return video


def assert_consistent() -> None:
    assert list(find_contradictions()) == []
