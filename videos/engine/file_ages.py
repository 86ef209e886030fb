"""Removing one of the two files of an old video that has a copy for browsers: the original, or the copy.

Never the last one, and never before the other has been read back and is as it was stored. The row changes
first; a file that no row names is then removed by `stored_bytes`.
"""

import logging
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_noop

from audit.trail import record
from audit.vocabulary import Action
from contentgen.stored_texts import sentence
from videos import subjects
from videos.containers import MP4
from videos.engine import safe_cache
from videos.engine.retention_rules import in_use, is_kept_forever
from videos.engine.stored_bytes import discard, is_intact
from videos.models import State, Video
from videos.models.video_queries import VideoQuerySet

logger = logging.getLogger(__name__)

BATCH = 100
RUN_SECONDS = 20.0  # for which one run reads files
COPY_CODEC = "H.264"
_ORIGINAL_REMOVED = sentence(gettext_noop("Its original: %(codec)s, %(bytes)d bytes, SHA-256 %(sha256)s."))
_COPY_REMOVED = gettext_noop("Its copy for browsers.")
_SKIPPED_FOR = 24 * 3600.0  # seconds


def with_old_original(now: datetime) -> VideoQuerySet:
    """The videos whose original goes now; none where ORIGINAL_DAYS keeps it."""
    return _with_both_files(settings.ORIGINAL_DAYS, now, F("finished_at"))


def with_old_copy(now: datetime) -> VideoQuerySet:
    """The videos whose copy for browsers goes now; none where BROWSER_COPY_DAYS keeps it."""
    return _with_both_files(settings.BROWSER_COPY_DAYS, now, Coalesce("browser_copied_at", "finished_at"))


def _with_both_files(days: int, now: datetime, counted_from: object) -> VideoQuerySet:
    if not days:
        return Video.objects.none()
    before = now - timedelta(days=days)
    both = Video.objects.filter(
        finished_at__lte=before,
        browser_byte_count__isnull=False,
        state=State.COMPLETED,
        deleted_at=None,
        copy_due_at=None,
    )
    exempt = is_kept_forever() | in_use()
    old = both.exclude(file="").exclude(browser_file="").exclude(exempt)
    return (
        old.annotate(counted_from=counted_from).filter(counted_from__lte=before).order_by("finished_at", "pk")
    )


def drop_old_files() -> int:
    """Remove what the rules say, as far as it goes in one run. Returns how many files."""
    now, until = timezone.now(), time.monotonic() + RUN_SECONDS
    dropped = 0
    for videos, drop in ((with_old_original(now), drop_original), (with_old_copy(now), drop_copy)):
        for video in videos[:BATCH]:
            if time.monotonic() > until:
                break
            if safe_cache.add(f"file-kept:{video.pk}", timeout=_SKIPPED_FOR):
                dropped += _try(drop, video, now)
    return dropped


def _try(drop: Callable[[Video, datetime], bool], video: Video, now: datetime) -> bool:
    try:
        return drop(video, now)
    except Exception:
        logger.exception("A file of video %s could not be removed", video.public_id)
        return False


def drop_original(video: Video, now: datetime) -> bool:
    """Make the copy for browsers the video's file, and remove the original. Returns whether that was done."""
    if not is_intact(str(video.browser_file.name), video.browser_byte_count, video.browser_sha256):
        logger.error("Video %s: its copy is damaged, so the original stays", video.public_id)
        return False
    changes = {
        "file": video.browser_file.name,
        "byte_count": video.browser_byte_count,
        "sha256": video.browser_sha256,
        "container": MP4.name,
        "codec": COPY_CODEC,
        "original_codec": video.codec,
        "original_dropped_at": now,
    }
    told = {"codec": video.codec, "bytes": video.byte_count, "sha256": video.sha256}
    note = _ORIGINAL_REMOVED % told
    return _replace(video, with_old_original(now), changes, str(video.file.name), note)


def drop_copy(video: Video, now: datetime) -> bool:
    """Remove the copy for browsers, which can be made again. Returns whether that was done."""
    if not is_intact(str(video.file.name), video.byte_count, video.sha256):
        logger.error("Video %s: its file is damaged, so the copy stays", video.public_id)
        return False
    return _replace(video, with_old_copy(now), {}, str(video.browser_file.name), _COPY_REMOVED)


@transaction.atomic
def _replace(
    video: Video, still_old: VideoQuerySet, changes: Mapping[str, object], name: str, note: str
) -> bool:
    """Change the row, if the rule still says so, in one UPDATE that names both files as they were read."""
    no_copy = {"browser_file": "", "browser_byte_count": None, "browser_sha256": ""}
    list(Video.objects.select_for_update(of=("self",)).filter(pk=video.pk).values_list("pk"))
    same = Q(file=video.file.name, browser_file=video.browser_file.name)
    keys = list(still_old.filter(same, pk=video.pk).values_list("pk", flat=True))
    if not keys:
        return False
    fields = {**no_copy, **changes, "revision": F("revision") + 1}
    Video.objects.filter(pk__in=keys).update(**fields)
    discard(name)
    record(Action.REMOVED, subjects.video(video), note=note)
    return True
