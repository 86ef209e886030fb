"""A studio that ran before fields were renamed keeps every row and every value, and goes on working."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.apps.registry import Apps
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from tests import ledger
from videos.engine import dispatch, poll, sweep
from videos.models import Backend, Character, IdempotencyRecord, State, Video

pytestmark = pytest.mark.django_db(transaction=True)

OLD = [("accounts", "0002_api_token"), ("videos", "0023_covering_indexes")]
RENAMING = [("accounts", "0002_api_token"), ("videos", "0024_field_names")]
RENAMED_MODELS = {"videos.Receipt": "videos.IdempotencyRecord"}
RENAMED_FIELDS = {
    "videos.Video": {"joins_source": "concat_with_source", "forget_at": "delete_job_at"},
    "videos.Receipt": {"first_is_out": "is_original_pending"},
}

THEN = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
Tables = dict[str, list[dict[str, Any]]]


def _migrate(targets: list[tuple[str, str]]) -> Apps:
    """Migrate to `targets`, and return the models as they are there."""
    MigrationExecutor(connection).migrate(targets)
    ledger.allow_emptying()
    return MigrationExecutor(connection).loader.project_state(targets).apps


def _newest() -> list[tuple[str, str]]:
    return MigrationExecutor(connection).loader.graph.leaf_nodes()


@pytest.fixture
def old() -> Iterator[Apps]:
    """The models as they were, without rows; afterwards the newest schema again, for the tests that follow."""
    apps = _migrate(OLD)
    for model in _models(apps):
        model._base_manager.all().delete()
    yield apps
    _migrate(_newest())


def _models(apps: Apps) -> list[Any]:
    """All models of ours, and what links them; the referring ones first."""
    models = apps.get_models(include_auto_created=True)
    order = {"Receipt": 0, "IdempotencyRecord": 0, "Video": 2, "User": 9}
    ours = [model for model in models if model._meta.app_label in ("accounts", "videos")]
    return sorted(ours, key=lambda m: 1 if m._meta.auto_created else order.get(m.__name__, 5))


def _tables(apps: Apps) -> Tables:
    """Every row with every column, by model."""
    return {
        model._meta.label: list(model._base_manager.order_by("pk").values())
        for model in _models(apps)
    }


def _renamed(tables: Tables) -> Tables:
    """The same rows under the names of today."""
    return {
        RENAMED_MODELS.get(label, label): [
            {RENAMED_FIELDS.get(label, {}).get(name, name): value for name, value in row.items()} for row in rows
        ]
        for label, rows in tables.items()
    }


# --- A studio of then ---------------------------------------------------------------------------------------


def _fill(apps: Apps) -> None:
    def model(name: str, app: str = "videos") -> Any:
        return apps.get_model(app, name)._base_manager

    user = model("User", "accounts").create(
        username="alice",
        password="hashed",
        first_name="Alice",
        last_name="Ash",
        email="alice@studio.test",
        is_staff=True,
        is_superuser=True,
        last_login=THEN,
    )
    user.groups.add(apps.get_model("auth", "Group").objects.create(name="upgraders"))
    kind, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label="videos", model="upgrade"
    )
    permission = apps.get_model("auth", "Permission").objects.create(
        name="Upgrade", content_type=kind, codename="upgrade"
    )
    user.user_permissions.add(permission)
    token = model("ApiToken", "accounts").create(
        user=user,
        name="script",
        scope="read",
        hint="cg_abc",
        digest="d" * 64,
        last_used_at=THEN,
        expires_at=THEN,
        revoked_at=THEN,
    )
    capabilities = {
        name: True
        for name in (
            "can_list",
            "can_delete",
            "can_remix",
            "can_edit",
            "can_extend",
            "can_characters",
            "takes_reference",
            "sends_json",
        )
    }
    backend = model("Backend").create(
        name="Own",
        base_url="http://own.test/v1",
        key_env="OWN_KEY",
        position=3,
        from_environment=True,
        max_in_flight=50,
        requests_per_minute=6000,
        probed_at=THEN,
        request_allowance=2.5,
        request_allowance_at=THEN,
        poll_lease_until=THEN,
        paused_until=THEN,
        pause_reason="It asked us to slow down.",
        **capabilities,
    )
    model("Backend").create(name="Simulator", is_simulator=True, probed_at=THEN)
    catalogue = model("VideoModel").create(
        name="own-1",
        label="Own 1",
        description="Our own.",
        sizes=["1280x720"],
        seconds=[4, 8],
        price_per_second={"*": "0.10"},
        position=2,
    )
    catalogue.backends.add(backend)
    for owner in (None, user):
        model("PromptTemplate").create(
            owner=owner,
            title="Boat",
            category="Water",
            prompt="A {colour|red,blue} boat",
            picture="paper-boat",
            model="own-1",
            seconds=4,
            size="1280x720",
            position=7,
        )
    reference = model("ReferenceImage").create(
        owner=user,
        name="Boat",
        file="references/1/ref.png",
        thumbnail="references/1/ref-thumb.webp",
        content_type="image/png",
        width=1280,
        height=720,
        sha256="a" * 64,
        deleted_at=THEN,
    )
    tag = model("Tag").create(owner=user, name="Boats")
    due = model("Character").create(owner=user, backend=backend, name="Ada", file="characters/1/char.mp4")
    sent = model("Character").create(
        owner=user,
        backend=backend,
        name="Bo",
        file="characters/1/bo.mp4",
        backend_character_id="char_bo",
        error_message="It failed once.",
        error_detail="HTTP 503",
        lease_token=uuid.UUID(int=1),
        due_at=None,
        attempts=2,
        deleted_at=THEN,
    )
    assert due.due_at is not None
    videos = _fill_videos(model("Video"), owner=user, backend=backend)
    done = videos["completed"]
    model("Video").filter(pk=done.pk).update(reference=reference)
    done.tags.add(tag)
    done.characters.add(sent)
    for key, its_token, video, first_is_out in [
        ("key-1", token, done, False),
        ("", token, done, True),
        ("", None, done, False),
        ("key-2", None, None, False),
    ]:
        model("Receipt").create(
            owner=user,
            token=its_token,
            key=key,
            fingerprint="f" * 64,
            video=video,
            first_is_out=first_is_out,
        )


def _fill_videos(videos: Any, **common: Any) -> dict[str, Any]:
    """A video in every state, and all that can be special about one."""
    now = timezone.now()
    common |= {"prompt": "A paper boat", "model": "own-1", "size": "1280x720", "seconds": 4}
    number = iter(range(1, 100))

    def accepted() -> dict[str, Any]:
        return {
            "backend_job_id": f"job_{next(number)}",
            "attempted_at": now - timedelta(seconds=60),
            "accepted_at": now - timedelta(seconds=50),
            "deadline_at": now + timedelta(seconds=500),
        }

    leased = {"lease_token": uuid.UUID(int=next(number)), "lease_expires_at": now - timedelta(seconds=1)}
    made: dict[str, Any] = {}
    made["queued"] = videos.create(state="queued", **common)
    made["submitting"] = videos.create(
        state="submitting", attempts=1, attempted_at=now - timedelta(minutes=2), **leased, **common
    )
    made["searched"] = videos.create(
        state="uncertain", attempts=2, attempted_at=now - timedelta(minutes=2), **common
    )
    made["undecided"] = videos.create(
        state="uncertain", due_at=None, attempted_at=now - timedelta(hours=1), **common
    )
    made["in_progress"] = videos.create(state="in_progress", progress=40, revision=3, **accepted(), **common)
    made["storing"] = videos.create(
        state="storing",
        progress=100,
        generated_at=now,
        attempts=1,
        lease_token=uuid.UUID(int=next(number)),
        lease_expires_at=now - timedelta(seconds=1),
        **accepted(),
        **common,
    )
    made["completed"] = videos.create(
        state="completed",
        progress=100,
        reference_fit="pad",
        price=Decimal("0.4000"),
        take=2,
        takes=4,
        take_group=uuid.UUID(int=77),
        favourite=True,
        note="The good one.",
        file="videos/1/video_x/video.mp4",
        poster="videos/1/video_x/poster.webp",
        scrub_sheet="videos/1/video_x/scrub.jpg",
        scrub_frames=20,
        scrub_columns=5,
        width=1280,
        height=720,
        duration=4.04,
        byte_count=123456,
        sha256="b" * 64,
        generated_at=now,
        finished_at=now,
        due_at=None,
        **accepted(),
        **common,
    )
    for kind in ("remix", "edit", "extend"):
        made[kind] = videos.create(
            state="completed",
            kind=kind,
            source=made["completed"],
            remixed_from=made["completed"].public_id,
            source_seconds=4 if kind == "extend" else 0,
            joins_source=kind == "extend",
            finished_at=now,
            due_at=None,
            **accepted(),
            **common,
        )
    made["failed"] = videos.create(
        state="failed",
        error_code="not_found",
        error_message="The backend no longer knows this job.",
        error_detail="HTTP 404",
        finished_at=now,
        due_at=None,
        **accepted(),
        **common,
    )
    made["canceled"] = videos.create(
        state="canceled",
        cancel_requested_at=now,
        forget_at=now - timedelta(seconds=1),
        finished_at=now,
        due_at=None,
        **accepted(),
        **common,
    )
    made["deleted"] = videos.create(
        state="completed",
        trashed_at=now,
        deleted_at=now,
        finished_at=now,
        due_at=None,
        **accepted(),
        **common,
    )
    return made


# --- What must hold -----------------------------------------------------------------------------------------


def test_every_row_keeps_every_value_there_and_back_and_the_engine_goes_on(
    old: Apps, hints: list[tuple[str, int]]
):
    """One walk for all: each way between then and now is ten seconds of computing."""
    _fill(old)
    before = _tables(old)
    _assert_something_in_every_column(before)

    assert _tables(_migrate(RENAMING)) == _renamed(before)
    assert _tables(_migrate(OLD)) == before
    _assert_every_value_is_kept(_renamed(before), _tables(_migrate(_newest())))
    _assert_the_engine_goes_on(hints)


def _assert_something_in_every_column(tables: Tables) -> None:
    empty = [
        f"{label}.{name}"
        for label, rows in tables.items()
        for name in (rows[0] if rows else {"nothing": ""})
        if not any(row[name] for row in rows)
    ]
    assert empty == []
    assert {row["state"] for row in tables["videos.Video"]} == {state.value for state in State}


def _assert_every_value_is_kept(before: Tables, after: Tables) -> None:
    assert {label: len(rows) for label, rows in after.items() if label in before} == {
        label: len(rows) for label, rows in before.items()
    }
    for label, rows in before.items():
        names = rows[0].keys()
        assert [{name: row[name] for name in names} for row in after[label]] == rows, label


def _assert_the_engine_goes_on(hints: list[tuple[str, int]]) -> None:
    sweep.sweep()
    dispatch.tick()
    poll.tick()

    backend = Backend.objects.get(name="Own")
    videos = Video.objects.filter(backend=backend)
    assert set(hints) == {
        ("submit", backend.pk),
        ("poll_backend", backend.pk),
        ("reconcile", backend.pk),
        ("store", videos.get(state=State.STORING).pk),
        ("clean_up_video", videos.get(state=State.CANCELED).pk),
        ("clean_up_video", videos.get(deleted_at__isnull=False).pk),
        ("create_character", Character.objects.get(name="Ada").pk),
    }
    assert videos.filter(state=State.UNCERTAIN, due_at__isnull=False).count() == 2, "its lease had run out"
    claim = dispatch.claim_next(backend.pk)
    assert claim is not None
    assert Video.objects.get(pk=claim.video_id).state == State.SUBMITTING
    assert Video.objects.filter(concat_with_source=True).get().kind == "extend"
    assert IdempotencyRecord.objects.filter(is_original_pending=True).count() == 1
