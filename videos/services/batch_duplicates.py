"""Requests that a person has made already: a file that runs twice must not be paid for twice."""

from collections.abc import Iterable
from datetime import timedelta

from django.utils import timezone

from accounts.models import User
from videos.models import State, Video
from videos.parameters import canonical
from videos.services.batch_check import RequestKey

DUPLICATE_WINDOW = timedelta(hours=24)


def find_recent_requests(owner: User, keys: Iterable[RequestKey]) -> set[RequestKey]:
    """Return which of `keys` the owner requested recently, apart from failed and canceled videos."""
    wanted = set(keys)
    recent = Video.objects.filter(owner=owner, created_at__gte=timezone.now() - DUPLICATE_WINDOW)
    made = recent.exclude(state__in=[State.FAILED, State.CANCELED]).order_by()
    rows = made.select_related("reference", "last_frame").prefetch_related("video_references")
    return {key for video in rows.iterator(chunk_size=500) if (key := _key_of(video)) in wanted}


def _key_of(video: Video) -> RequestKey:
    first, last = (image.sha256 if image else "" for image in (video.reference, video.last_frame))
    others = tuple(image.sha256 for image in video.references)
    fit = video.reference_fit if first else ""
    same = video.prompt, video.model, video.seconds, video.size, first, last, others, fit
    return (*same, canonical(video.parameters))
