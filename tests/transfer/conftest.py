"""A studio with something of every kind in it, made as people and workers make it; and its end."""

import hashlib
import io
import json
import shutil
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.utils import timezone
from PIL import Image

from accounts.models import User
from audit.models import Entry
from billing.models import LedgerLine
from tests.batches.conftest import check as check  # a fixture here too
from tests.billing import steps
from tests.billing.conftest import paid as paid
from tests.commands.conftest import ran as ran
from tests.commands.conftest import run as run
from tests.factories import BackendFactory
from tests.media.conftest import write_video
from videos import lifecycle
from videos.engine import store
from videos.media.inspect import inspect_video
from videos.media.sandbox import worker_budget
from videos.models import (
    Backend,
    Character,
    Collection,
    CollectionRole,
    PromptTemplate,
    Retention,
    Video,
    VideoModel,
    VideoReference,
    Visibility,
)
from videos.services import collections, library, retention
from videos.services.batch_check import CheckedBatch
from videos.services.batches import digest_of, save_batch
from videos.services.collection_people import share_with
from videos.services.derivations import remix_video
from videos.services.generation_requests import GenerationRequest
from videos.services.references import add_reference
from videos.services.share_comments import add_comment
from videos.services.share_links import LinkOptions, create_link
from videos.services.videos import create_video
from videos.transfer.fields import KEPT

WORDS = "A paper boat: “rain”/street? *"  # of two people
ODD = "CON 🚤 très_long " + "é" * 200 + " . "


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """Real videos of a third of a second, each another."""
    folder = tmp_path_factory.mktemp("clips")
    sizes = [(64, 36), (96, 54), (128, 72), (160, 90), (192, 108)]
    return [
        write_video(folder / f"{n}.mp4", size=size, count=8, audio=False).read_bytes()
        for n, size in enumerate(sizes)
    ]


def picture(colour: int) -> io.BytesIO:
    buffer = io.BytesIO()
    Image.new("RGB", (320, 180), (colour, 90, 160)).save(buffer, "PNG")
    buffer.seek(0)
    return buffer


def complete(video: Video, content: bytes, folder: Path, job_id: str) -> Video:
    """Take the video through its life to the file, as workers do."""
    steps.accept(video, job_id)
    steps.finish(video, charged=Decimal("0.35"))
    token = lifecycle.claim_storing(video.pk, lease=steps.LEASE)
    assert token is not None
    path = folder / f"{job_id}.mp4"
    path.write_bytes(content)
    facts = inspect_video(path, worker_budget())
    with store.stored_files(video, path, facts, worker_budget()) as stored:
        assert lifecycle.complete(video.pk, token, stored)
    video.refresh_from_db()
    return video


def request(prompt: str, **more: Any) -> GenerationRequest:
    return GenerationRequest(prompt, "sora-2", 4, "1280x720", **more)


@pytest.fixture(autouse=True)
def decode_once(remembered_decoder: None) -> None:
    """The same five clips go in and out."""


@pytest.fixture
def work(
    alice: User,
    bob: User,
    carol: User,
    paid: Backend,
    clips: list[bytes],
    tmp_path: Path,
    check: Callable[..., CheckedBatch],
) -> dict[str, Video]:
    """Videos of alice and bob in every state, with all that hangs on them."""
    free = BackendFactory(name="At home", costs_nothing=True)
    VideoModel.objects.get(name="sora-2").favourite_of.add(alice)
    reference = add_reference(alice, picture(10))
    guide = add_reference(alice, picture(200))
    template = PromptTemplate.objects.create(owner=alice, title="Boats", prompt="A {kind} boat")
    PromptTemplate.objects.create(title="For all", prompt="A {thing}", parameters={"seed": 7})
    spot = Collection(owner=alice, name="Autumn spot", template=template, visibility=Visibility.PEOPLE)
    spot.retention, spot.retention_days = Retention.DAYS, 900
    collections.create_collection(alice, spot)
    share_with(alice, spot, "bob", CollectionRole.EDITOR)
    clip = Character(owner=alice, backend=free, name="Otter", backend_character_id="char_1", due_at=None)
    clip.byte_count = len(clips[0])
    clip.file.save("clip.mp4", ContentFile(clips[0]), save=False)
    clip.save()
    made: dict[str, Video] = {}

    def ask(name: str, owner: User, prompt: str, **more: Any) -> Video:
        made[name] = create_video(owner, request(prompt, **more))
        return made[name]

    first = complete(ask("first", alice, WORDS, reference=reference, parameters={}), clips[0], tmp_path, "j1")
    VideoReference.objects.create(video=first, image=guide, position=1)
    first.characters.add(clip)
    library.add_tag(alice, [first], "Straße")
    library.add_tag(alice, [first], "keep")
    library.set_note(first, "For the client\nSecond line")
    library.set_favourite([first], on=True)
    retention.keep([first])
    complete(ask("bobs", bob, WORDS), clips[1], tmp_path, "j2")
    complete(ask("odd", alice, ODD), clips[2], tmp_path, "j3")
    made["remix"] = remix_video(alice, first, "The same boat at night")
    complete(made["remix"], clips[3], tmp_path, "j4")
    complete(ask("trashed", alice, "A boat that sank"), clips[4], tmp_path, "j5")
    library.move_to_trash([made["trashed"]])
    failed = steps.accept(ask("failed", alice, "A boat that fails"), "j6")
    assert lifecycle.fail_generation(failed.pk, "j6", steps.REFUSED)
    assert lifecycle.cancel(ask("canceled", bob, "A boat that never sails").pk)
    ask("queued", alice, "A boat that waits")
    steps.lose(ask("lost", alice, "A boat that got lost"))
    steps.accept(ask("running", alice, "A boat under way"), "j7")
    collections.add_videos(alice, spot, [first, made["remix"]])
    collections.add_videos(bob, spot, [made["bobs"]])
    collections.set_cover(spot, first)
    content = "prompt,tags\nA fox,keep\nA bear,\n"
    save_batch(
        alice,
        check(content),
        name="Animals",
        digest=digest_of(content.encode()),
        content=content.encode(),
        file_name="animals.csv",
    )
    link = create_link(
        alice, first, LinkOptions(title="Look", allows_comments=True), days=9, password="open it"
    )
    library.move_to_trash([made["remix"]])
    library.restore_from_trash([made["remix"]])  # its age counts anew
    announced = timezone.now() + timedelta(days=8)
    Video.objects.filter(pk=made["odd"].pk).update(retention_due_at=announced)  # as `ageing` does
    add_comment(link, first, name="Zoë", text="Lovely. Less rain?", author=bob, network="10.0.0.0")
    return made


KEPT_APPS = ("auth", "contenttypes", "sites")


def wipe() -> None:
    """Empty the database of all work, people and backends, and the storage. The catalogue stays."""
    tables = {
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if model._meta.app_label not in KEPT_APPS and model is not VideoModel
    }
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            connection.check_constraints()  # or it would not change a table that was written to just now
            for table in (LedgerLine._meta.db_table, Entry._meta.db_table):
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        VideoModel.objects.update(described_by=None)
        for table in sorted(tables & set(connection.introspection.table_names())):
            cursor.execute(f"DELETE FROM {table}")  # noqa: S608  # the tables' names are ours
    shutil.rmtree(Path(default_storage.path("")), ignore_errors=True)


@pytest.fixture
def wiped() -> Callable[[], None]:
    return wipe


# --- What a studio holds, without the keys of its database ------------------------------------------------

# Columns whose values may differ after a round trip, each with the reason.
MAY_DIFFER = {
    "id": "the database's own",
    "due_at": "nothing is due by itself",
    "lease_token": "nobody works on it",
    "lease_expires_at": "nobody works on it",
    "idempotency_key": "no request is repeated",
    "delete_job_at": "no job is deleted",
    "queue_order": "nothing waits in a queue",
    "retention_due_at": "it is told anew",
    "file": "stored under other names; the content is compared",
    "poster": "the same",
    "scrub_sheet": "the same",
    "browser_file": "the same",
    "thumbnail": "the same",
    "encrypted_secret": "a link's secret is not exported",
    "password": "a link's secret is not exported",
    "revoked_at": "links come back revoked",
    "video_id": "the ledger names videos by their public ids as well",
    "user_id": "the ledger names people by their usernames as well",
    "backend_id": "the ledger names backends as well",
    "collection_id": "the ledger names collections as well",
    "token_id": "tokens are not exported",
    "budgets": "hold keys; compared in their own test",
    "request": "holds keys; compared in its own test",
}


def _key(row: Any) -> Any:
    names = ("public_id", "username", "name", "title")
    return None if row is None else next(str(getattr(row, n)) for n in names if hasattr(row, n))


def snapshot() -> dict[str, list[str]]:
    """Return every row of what is exported, column by column, with names in place of keys."""
    found = {}
    for kept in KEPT:
        rows = []
        for row in kept.model._default_manager.order_by("pk"):
            told: dict[str, Any] = {}
            for column in kept.model._meta.concrete_fields:
                if column.name in MAY_DIFFER or (column.name == "digest" and "secret" in str(kept.left_out)):
                    continue
                value = getattr(row, column.name)
                told[column.name] = _key(value) if column.is_relation else str(value)
            for column in kept.model._meta.many_to_many:
                told[column.name] = sorted(str(_key(each)) for each in getattr(row, column.name).all())
            for column in kept.model._meta.concrete_fields:
                if type(column).__name__ == "FileField":
                    told[f"{column.name} content"] = _content(getattr(row, column.name))
            rows.append(json.dumps(told, sort_keys=True, default=str))
        found[kept.model.__name__] = sorted(rows)
    found["people"] = sorted(
        f"{each.username} {each.role} {sorted(t.name for t in each.tags.all())} "
        f"{sorted(m.name for m in each.favourite_models.all())}"
        for each in User.objects.all()
    )
    return found


def _content(stored: Any) -> str:
    if not stored:
        return ""
    with stored.open() as file:
        return hashlib.sha256(file.read()).hexdigest()


def spent() -> dict[str, Decimal]:
    """Return what everybody has reserved and spent."""
    found: dict[str, Decimal] = {}
    for line in LedgerLine.objects.all():
        found[line.username] = found.get(line.username, Decimal(0)) + line.net
    return found


def sums(folder: Path) -> list[str]:
    return sorted((folder / "SHA256SUMS").read_text().splitlines())
