"""A team's studio: videos of fifty people, collections, a ledger, inboxes, batches and links.

The rows are copies of one of each kind, written by the database itself: a hundred thousand take seconds.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection, models
from django.utils import timezone

PEOPLE = 50
_SERIES = {
    "postgresql": "SELECT generate_series(0, {last}) AS n",
    "sqlite": "WITH RECURSIVE s(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM s WHERE n < {last})"
    " SELECT n FROM s",
}


@dataclass(frozen=True)
class Counts:
    videos: int = 100_000
    collections: int = 500
    ledger_lines: int = 200_000
    notifications: int = 50_000
    batches: int = 1_000

    def scaled(self, share: int) -> "Counts":
        """Return each divided by `share`."""
        return Counts(**{name: max(PEOPLE, count // share) for name, count in vars(self).items()})


def create_team(counts: Counts) -> None:
    """Fill an empty studio. `person0` is a manager, and has as much as everybody has; `batch_0` is person1's
    with a thousand rows. `operator` is a superuser, and has nothing.
    """
    from accounts.models import Role, User

    users = [User(username=f"person{n}") for n in range(PEOPLE)]
    users[0].role = Role.MANAGER
    User.objects.bulk_create([*users, User(username="operator", is_staff=True, is_superuser=True)])
    first = User.objects.order_by("pk").get(username="person0").pk
    _create_videos(counts, first)
    _create_collections(counts, first)
    _create_money(counts, first)
    _create_news(counts, first)
    _create_requests_and_links(counts, first)


def copy_rows(row: models.Model, count: int, **values: str) -> None:
    """Write `count` rows like `row`, which is not saved, with SQL for the columns that differ; `n` is the
    number, from 0.
    """
    meta, quote = row._meta, connection.ops.quote_name
    fields = [field for field in meta.concrete_fields if not field.primary_key or field.remote_field]
    columns, chosen, params = [], [], []
    for field in fields:
        columns.append(quote(field.column))
        if field.attname in values:
            chosen.append(values[field.attname].replace("%", "%%"))
            continue
        value = field.pre_save(row, add=True)
        chosen.append(_placeholder(field))
        params.append(field.get_db_prep_save(value, connection))
    series = _SERIES[connection.vendor].format(last=count - 1)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {quote(meta.db_table)} ({', '.join(columns)})"  # noqa: S608 - our own SQL
            f" SELECT {', '.join(chosen)} FROM ({series}) AS numbers",
            params,
        )


def _placeholder(field: Any) -> str:
    kind = field.rel_db_type(connection) if field.remote_field else field.cast_db_type(connection)
    return f"CAST(%s AS {kind})"


def _ago(seconds: str) -> str:
    """SQL for that long before now."""
    if connection.vendor == "postgresql":
        return f"now() - ({seconds}) * interval '1 second'"
    return f"datetime('now', '-' || ({seconds}) || ' seconds')"


def _of(first: int) -> str:
    """SQL for one of the people after another."""
    return f"{first} + n % {PEOPLE}"


def _create_videos(counts: Counts, first: int) -> None:
    from videos.models import Backend, State, Video

    backend = Backend.objects.for_environment()
    video = Video(
        owner_id=first,
        backend=backend,
        prompt="A heron in the snow",
        model="sora-2",
        size="1280x720",
        seconds=4,
        state=State.COMPLETED,
        due_at=None,
        finished_at=timezone.now(),
        file="videos/a.mp4",
        poster="videos/a.webp",
        width=1280,
        height=720,
        duration=4.0,
        byte_count=1000,
        price=1,
    )
    copy_rows(
        video,
        counts.videos,
        owner_id=_of(first),
        public_id="'video_' || n",
        backend_job_id="'job_' || n",
        prompt="'A heron in the snow, take ' || n",
        search_text="'a heron in the snow, take ' || n",
        state=f"CASE WHEN n % 11 = 7 THEN '{State.FAILED}' ELSE '{State.COMPLETED}' END",
        favourite="n % 19 = 0",
        created_at=_ago(f"({counts.videos} - n) * 60"),
        accepted_at=_ago(f"({counts.videos} - n) * 60"),
    )


def _create_collections(counts: Counts, first: int) -> None:
    from videos.models import Collection, CollectionItem, CollectionMember, Video

    lowest = Video.objects.order_by("pk").values_list("pk", flat=True)[0]
    copy_rows(
        Collection(owner_id=first, name="Spring"),
        counts.collections,
        owner_id=_of(first),
        public_id="'collection_' || n",
        name="'Spring ' || n",
        search_text="'spring ' || n",
        visibility="CASE n % 5 WHEN 0 THEN 'team' WHEN 1 THEN 'people' ELSE 'private' END",
    )
    base = Collection.objects.order_by("pk").values_list("pk", flat=True)[0]
    # The first holds a tenth of everything; the others share the rest.
    copy_rows(
        CollectionItem(collection_id=base, video_id=lowest, added_by_id=first),
        counts.videos,
        collection_id=f"CASE WHEN n % 10 = 0 THEN {base} ELSE {base} + n % {counts.collections} END",
        video_id=f"{lowest} + n",
    )
    copy_rows(
        CollectionMember(collection_id=base, person_id=first),
        counts.collections * 2,
        collection_id=f"{base} + n / 2",
        person_id=f"{first} + (n * 7 + n / {PEOPLE}) % {PEOPLE}",
    )


def _create_money(counts: Counts, first: int) -> None:
    from billing.models import Budget, LedgerLine
    from videos.models import Backend, Collection, Video

    backend = Backend.objects.for_environment()
    lowest = Video.objects.order_by("pk").values_list("pk", flat=True)[0]
    base = Collection.objects.order_by("pk").values_list("pk", flat=True)[0]
    line = LedgerLine(
        kind="charge",
        transition="accepted",
        video_id=1,
        attempt=1,
        counts_at=timezone.now(),
        user_id=first,
        username="person",
        role="creator",
        model="sora-2",
        backend_id=backend.pk,
        backend_name=backend.name,
    )
    when = _ago(f"({counts.ledger_lines} - n) * 40")
    reserves = "n % 2 = 0"
    copy_rows(
        line,
        counts.ledger_lines,
        at=when,
        counts_at=when,
        kind=f"CASE WHEN {reserves} THEN 'reserve' ELSE 'charge' END",
        reserved=_money(f"CASE WHEN {reserves} THEN 1 ELSE -1 END"),
        spent=_money(f"CASE WHEN {reserves} THEN 0 ELSE 1 END"),
        net=_money(f"CASE WHEN {reserves} THEN 1 ELSE 0 END"),
        video_id=f"{lowest} + n / 2",
        video="'video_' || (n / 2)",
        user_id=f"{first} + (n / 2) % {PEOPLE}",
        username=f"'person' || ((n / 2) % {PEOPLE})",
        collection_id=f"CASE WHEN n % 3 = 0 THEN {base} + n % {counts.collections} END",
        collection_name="'Spring'",
        model="CASE WHEN n % 4 = 0 THEN 'sora-2-pro' ELSE 'sora-2' END",
    )
    copy_rows(
        Budget(scope="user", user_id=first, period="month", amount=1_000_000),
        PEOPLE,
        user_id=_of(first),
    )


def _money(sql: str) -> str:
    from billing.models import LedgerLine

    field = LedgerLine._meta.get_field("spent")
    one = field.get_db_prep_save(1, connection)
    return sql if connection.vendor == "postgresql" else f"({sql}) * {one}"


def _create_news(counts: Counts, first: int) -> None:
    from contentgen.events import EventKind
    from notifications.models import Notification

    copy_rows(
        Notification(
            user_id=first,
            kind=EventKind.VIDEO_COMPLETED,
            happened_at=timezone.now(),
            data={"prompt": "A heron"},
        ),
        counts.notifications,
        user_id=_of(first),
        key="'video_' || n",
        object_id="'video_' || n",
        happened_at=_ago(f"({counts.notifications} - n) * 60"),
        read_at=f"CASE WHEN n % 10 > 0 THEN {_ago('n')} END",
    )


def _create_requests_and_links(counts: Counts, first: int) -> None:
    from videos.models import ApprovalRequest, Batch, BatchRow, ShareLink, Video

    now = timezone.now()
    lowest = Video.objects.order_by("pk").values_list("pk", flat=True)[0]
    copy_rows(
        Batch(owner_id=first, name="Herons", state="running", digest="ab", row_count=100, estimate=1),
        counts.batches,
        owner_id=_of(first),
        public_id="'batch_' || n",
    )
    base = Batch.objects.order_by("pk").values_list("pk", flat=True)[0]
    # Every video was made by a batch; the first batch of person1 has a thousand rows, the others share them.
    batch_of = f"{base} + CASE WHEN {{n}} < 1000 THEN 1 ELSE {{n}} % {counts.batches} END"
    with connection.cursor() as cursor:
        own = batch_of.format(n=f"(id - {lowest})")
        cursor.execute(f"UPDATE videos_video SET batch_id = {own}")  # noqa: S608 - our own SQL
    copy_rows(
        BatchRow(
            batch_id=base, number=1, place="row", request={"prompt": "A heron", "tags": []}, state="created"
        ),
        counts.videos,
        batch_id=batch_of.format(n="n"),
        number="n + 1",
        key="'row ' || n",
        video_id=f"{lowest} + n",
    )
    copy_rows(
        ApprovalRequest(
            owner_id=first,
            kind="create",
            data={},
            prompt="A heron",
            model="sora-2",
            count=1,
            price=1,
            expires_at=now + timedelta(days=3),
        ),
        counts.notifications // 10,
        owner_id=_of(first),
        public_id="'approval_' || n",
        state="CASE WHEN n % 9 = 0 THEN 'waiting' ELSE 'approved' END",
        decided_at=f"CASE WHEN n % 9 = 0 THEN NULL ELSE {_ago('n')} END",
        requested_at=_ago(f"({counts.notifications} - n) * 60"),
    )
    copy_rows(
        ShareLink(owner_id=first, expires_at=now + timedelta(days=30)),
        counts.notifications // 10,
        owner_id=_of(first),
        video_id=f"{lowest} + n",
        public_id="'link_' || n",
        digest="'digest_' || n",
    )
