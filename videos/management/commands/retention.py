"""Say what goes by its age, and when, or do now what is due."""

from argparse import ArgumentParser
from collections import defaultdict
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand
from django.db.models import Count, Sum
from django.template.defaultfilters import filesizeformat
from django.utils import timezone

from videos.engine import ageing, file_ages, job_retention
from videos.engine.retention_rules import find_ageing, not_exempt, warning
from videos.models import Backend, Video

_WINDOW = 500


class Command(BaseCommand):
    help = (
        "Moves old videos to the trash, removes old files and deletes backends' jobs, as the rules say. "
        "With --dry-run it changes nothing, and lists what goes, when, and how many bytes that are."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Only list what would be done.")
        parser.add_argument(
            "--days", type=int, default=30, help="How far ahead the list looks, in days. Default: 30."
        )

    def handle(self, *, dry_run: bool, days: int, **options: Any) -> None:
        if not dry_run:
            ageing.run()
            self.stdout.write("Done, as far as it goes in one run.")
            return
        self._list_moving(timezone.now() + timedelta(days=days))
        self._list_purged(timezone.now() + timedelta(days=days))
        self._list_files()

    def _list_moving(self, until: Any) -> None:
        """List by day and person which videos move to the trash: never sooner than the warning allows."""
        found: dict[tuple[str, str], list[int]] = defaultdict(list)
        soonest = timezone.now() + warning()
        last = 0
        keys = Video.objects.order_by("pk").values_list("pk", flat=True)
        while window := list(keys.filter(pk__gt=last)[:_WINDOW]):
            last = window[-1]
            rows = not_exempt(Video.objects.filter(pk__in=window)).select_related("owner")
            for each in find_ageing(rows):
                at = each.video.retention_due_at or max(each.at, soonest)
                if at <= until:
                    key = (f"{timezone.localtime(at):%Y-%m-%d}", str(each.video.owner))
                    found[key].append((each.video.byte_count or 0) + (each.video.browser_byte_count or 0))
        self._table("Move to the trash", found)

    def _list_purged(self, until: Any) -> None:
        found: dict[tuple[str, str], list[int]] = defaultdict(list)
        for video in Video.objects.purged_by(until).select_related("owner").iterator(_WINDOW):
            day = timezone.localtime(max(video.purged_at or until, timezone.now()))
            found[f"{day:%Y-%m-%d}", str(video.owner)].append(
                (video.byte_count or 0) + (video.browser_byte_count or 0)
            )
        self._table("Are deleted for good", found)

    def _table(self, title: str, found: dict[tuple[str, str], list[int]]) -> None:
        self.stdout.write(f"{title}: {sum(map(len, found.values()))} videos")
        for (day, person), sizes in sorted(found.items()):
            self.stdout.write(f"  {day}  {person}: {len(sizes)}, {filesizeformat(sum(sizes))}")

    def _list_files(self) -> None:
        now = timezone.now()
        for title, rows, column in (
            ("Originals removed now", file_ages.with_old_original(now), "byte_count"),
            ("Copies for browsers removed now", file_ages.with_old_copy(now), "browser_byte_count"),
        ):
            sums = rows.order_by().aggregate(count=Count("pk"), size=Sum(column))
            self.stdout.write(f"{title}: {sums['count']}, {filesizeformat(sums['size'] or 0)}")
        for backend in Backend.objects.filter(can_delete=True):
            if count := job_retention.releasable(backend, now).count():
                self.stdout.write(f"Jobs deleted at {backend} now: {count}")
