"""The indexes of the videos, each with the question that it answers.

A change of a row writes to all of them that hold a changed column, so each has its price in every poll.
"""

from django.db import models
from django.db.models import F
from django.db.models.functions import Coalesce

_FILTER_COLUMNS = ("state", "model", "size", "source_seconds", "seconds", "favourite")

INDEXES = [
    models.Index(fields=["owner", "-id"], name="video_library"),
    models.Index(
        F("owner"),
        (F("source_seconds") + F("seconds")).desc(),
        F("id").desc(),
        name="video_longest",
    ),
    models.Index(
        F("owner"),
        Coalesce("finished_at", "created_at").desc(),
        F("id").desc(),
        name="video_finished",
    ),
    # The same orders over everybody's videos, for collections and the team: those in scope are picked
    # while walking through it, instead of being read and sorted first.
    models.Index(
        (F("source_seconds") + F("seconds")).desc(),
        F("id").desc(),
        name="video_team_longest",
        condition=models.Q(deleted_at=None, trashed_at=None),
    ),
    models.Index(
        Coalesce("finished_at", "created_at").desc(),
        F("id").desc(),
        name="video_team_finished",
        condition=models.Q(deleted_at=None, trashed_at=None),
    ),
    # The best first, of those that are rated: nothing in flight is, so a poll does not write to them.
    models.Index(
        fields=["owner", "-rating", "-id"],
        name="video_rated",
        condition=models.Q(rating__isnull=False),
    ),
    models.Index(
        fields=["-rating", "-id"],
        name="video_team_rated",
        condition=models.Q(rating__isnull=False, deleted_at=None, trashed_at=None),
    ),
    # Both hold all that the library filters by, so that pages and counts are found without reading a
    # row. The two columns that are always NULL are there for SQLite, which would read the rows.
    models.Index(
        F("owner"),
        F("id").desc(),
        *(F(name) for name in (*_FILTER_COLUMNS, "trashed_at", "deleted_at")),
        name="video_pages",
        condition=models.Q(deleted_at=None, trashed_at=None),
    ),
    models.Index(
        fields=["owner", *_FILTER_COLUMNS, "trashed_at", "deleted_at"],
        name="video_facets",
        condition=models.Q(deleted_at=None, trashed_at=None),
    ),
    models.Index(fields=["trashed_at"], name="video_trash", condition=models.Q(trashed_at__isnull=False)),
    # With the owner, or a planner without statistics chooses an index of all that the owner has.
    models.Index(
        fields=["owner", "take_group"],
        name="video_takes",
        condition=models.Q(take_group__isnull=False),
    ),
    models.Index(fields=["batch", "state"], name="video_batch", condition=models.Q(batch__isnull=False)),
    # Of all videos, though only those in flight are queried: SQLite does not use an index whose
    # condition holds values, because it plans before it knows those of a query.
    models.Index(fields=["state", "backend", "due_at"], name="video_due"),
    # One's own queue, page by page; the scheduler finds in it the first of whoever is next.
    models.Index(fields=["state", "owner", "queue_order", "id"], name="video_queue"),
    models.Index(
        fields=["backend", "unaccounted_since"],
        name="video_unaccounted",
        condition=models.Q(unaccounted_since__isnull=False),
    ),
    models.Index(
        fields=["accepted_at", "owner"],
        name="video_accepted",
        condition=models.Q(accepted_at__isnull=False),
    ),
    models.Index(
        fields=["backend", "owner", "-attempted_at"],
        name="video_last_attempts",
        condition=models.Q(attempted_at__isnull=False),
    ),
    models.Index(
        fields=["backend", "model", "size", "seconds", "kind", "-generated_at"],
        name="video_durations",
        condition=models.Q(generated_at__isnull=False),
    ),
    # What became of the jobs of a span of time, by backend and by error, without reading a row.
    models.Index(
        fields=["finished_at", "backend", "state", "error_code"],
        name="video_outcomes",
        condition=models.Q(finished_at__isnull=False, attempted_at__isnull=False),
    ),
    models.Index(
        fields=["backend", "-id"],
        name="video_charges",
        condition=models.Q(charged__isnull=False),
    ),
    # What the administration filters everybody's videos by.
    models.Index(fields=["created_at"], name="video_created"),
    models.Index(fields=["error_code", "-id"], name="video_error", condition=~models.Q(error_code="")),
    models.Index(
        F("error_code"),
        Coalesce("finished_at", "created_at").desc(),
        name="video_error_ended",
        condition=~models.Q(error_code=""),
    ),
    models.Index(fields=["model", "-id"], name="video_model"),
    models.Index(fields=["kind", "-id"], name="video_kind"),
    models.Index(Coalesce("charged", "price"), F("id").desc(), name="video_cost"),
    # What goes by its age, and what it takes up. Nothing that is in flight is in any of them: a poll
    # does not write to them.
    models.Index(
        fields=["owner", "retention_due_at"],
        name="video_retention_due",
        condition=models.Q(retention_due_at__isnull=False),
    ),
    models.Index(
        fields=["purge_due_at"],
        name="video_purge",
        condition=models.Q(trashed_at__isnull=False, purge_due_at__isnull=False),
    ),
    models.Index(
        fields=["backend", "finished_at"],
        name="video_job_age",
        condition=models.Q(job_deleted_at=None, delete_job_at=None, finished_at__isnull=False),
    ),
    models.Index(
        fields=["finished_at"],
        name="video_copies",
        condition=models.Q(browser_byte_count__isnull=False),
    ),
    models.Index(
        fields=["copy_due_at"],
        name="video_copy_due",
        condition=models.Q(copy_due_at__isnull=False),
    ),
    models.Index(
        fields=["owner", "byte_count", "browser_byte_count", "picture_bytes", "deleted_at"],
        name="video_bytes",
        condition=models.Q(deleted_at=None, byte_count__isnull=False),
    ),
    models.Index(fields=["id"], name="video_unmeasured", condition=models.Q(picture_bytes__isnull=True)),
]
