"""Requests that a person has made already: a file that runs twice must not be paid for twice."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import ngettext

from accounts.formats import format_number
from accounts.models import User
from videos.models import Batch, BatchRow, ReferenceImage, State, Video
from videos.parameters import canonical
from videos.services.batch_check import RequestKey

DUPLICATE_WINDOW = timedelta(hours=24)


def find_recent_requests(owner: User, keys: Iterable[RequestKey]) -> set[RequestKey]:
    """Return which of `keys` the owner requested recently, apart from failed and canceled videos."""
    wanted = set(keys)
    return {key for key in _recent_keys(owner) if key in wanted}


def find_repeated_rows(batch: Batch) -> list[BatchRow]:
    """Return the rows of a batch that ask for what its owner requested recently, with place and key alone."""
    recent = set(_recent_keys(batch.owner))
    if not recent:
        return []
    rows = batch.rows.order_by("number").only("place", "key", "request", "batch")
    digests = dict(ReferenceImage.objects.filter(owner=batch.owner).values_list("pk", "sha256"))
    return [row for row in rows.iterator(chunk_size=2000) if _key_of_row(row.request, digests) in recent]


def describe_repeated(labels: Sequence[str], total: int) -> str:
    """Return which of `total` videos were requested already, those with these `labels`, in a sentence."""
    shown = ", ".join(labels[:_SHOWN]) + (" …" if len(labels) > _SHOWN else "")
    sentence = ngettext(
        "%(count)s of %(total)s video was already requested in the last 24 hours (%(rows)s), so they "
        "would be paid for twice.",
        "%(count)s of %(total)s videos were already requested in the last 24 hours (%(rows)s), so they "
        "would be paid for twice.",
        total,
    )
    return sentence % {"count": format_number(len(labels)), "total": format_number(total), "rows": shown}


_SHOWN = 5  # rows in one sentence


def _recent_keys(owner: User) -> Iterator[RequestKey]:
    recent = Video.objects.filter(owner=owner, created_at__gte=timezone.now() - DUPLICATE_WINDOW)
    made = recent.exclude(state__in=[State.FAILED, State.CANCELED]).order_by()
    rows = made.select_related("reference", "last_frame").prefetch_related("video_references__image")
    return map(_key_of, rows.iterator(chunk_size=500))


def _key_of_row(fields: Mapping[str, Any], digests: Mapping[int, str]) -> RequestKey:
    first, last = (digests.get(fields.get(name, 0), "") for name in ("reference", "last_frame"))
    others = tuple(digests.get(key, "") for key in fields["references"])
    fit = fields["fit"] if first else ""
    same = fields["prompt"], fields["model"], fields["seconds"], fields["size"], first, last, others, fit
    return (*same, canonical(fields["parameters"]))


def _key_of(video: Video) -> RequestKey:
    first, last = (image.sha256 if image else "" for image in (video.reference, video.last_frame))
    others = tuple(image.sha256 for image in video.references)
    fit = video.reference_fit if first else ""
    same = video.prompt, video.model, video.seconds, video.size, first, last, others, fit
    return (*same, canonical(video.parameters))
