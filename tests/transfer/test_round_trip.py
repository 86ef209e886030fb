"""Export, wipe, import: the studio is the same, row by row and by checksum."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.utils import timezone

from accounts.models import User
from audit.models import Entry
from billing.models import LedgerLine
from tests.transfer.conftest import snapshot, spent, sums
from tests.transition_log import find_gap
from videos.engine import job_retention, ledger_check
from videos.models import Backend, Batch, BatchRow, Collection, JobCandidate, ShareLink, State, Video

pytestmark = pytest.mark.django_db

# What had not ended is not what it was: it waits for its owner. Their ledger lines are compared all the same.
UNFINISHED = ("queued", "lost", "running")


def _comparable(found: dict[str, list[str]], ids: dict[str, str]) -> dict[str, list[str]]:
    """Leave out what had not ended, and its history, which goes on with what has become of it."""
    kinds = {
        name: [row for row in found[name] if not any(each in row for each in ids.values())]
        for name in ("Video", "VideoTransition")
    }
    return {**found, **kinds}


def test_the_studio_is_the_same(
    work: dict[str, Video], run: Callable, wiped: Callable, tmp_path: Path, hints: list
):
    before, paid, rows = snapshot(), spent(), LedgerLine.objects.count()
    ids = {name: work[name].public_id for name in UNFINISHED}
    assert all(before.values()), {name for name, each in before.items() if not each}
    run("export_videos", "--all", "--with-trash", "--output", tmp_path / "all")
    wiped()
    assert not Video.objects.exists()
    assert not User.objects.exists()
    hints.clear()

    run("import_videos", tmp_path / "all", "--create-people")

    after = snapshot()
    for name, kind in _comparable(before, ids).items():
        assert _comparable(after, ids)[name] == kind, name
    assert {find_gap(video) for video in Video.objects.all()} == {""}
    assert set(before["VideoTransition"]) <= set(after["VideoTransition"])
    assert spent() == paid
    assert LedgerLine.objects.count() == rows
    assert not list(ledger_check.find_contradictions())
    assert hints == []  # nothing is sent to anybody
    _waits_for_its_owner(ids)
    _lets_nobody_in()
    _removes_nothing(ids)
    assert Batch.objects.get().state == "ready"
    assert BatchRow.objects.order_by("number")[0].request["prompt"] == "A fox"
    assert Collection.objects.get().cover == Video.objects.get(public_id=work["first"].public_id)
    assert Entry.objects.filter(note="Imported from an export.").count() == Video.objects.count()

    run("export_videos", "--all", "--with-trash", "--output", tmp_path / "again")
    changed = [line for line in sums(tmp_path / "all") if line not in sums(tmp_path / "again")]
    # The documents of what had not ended, and the tables that hold their checksums or keys of the database.
    told = [line.split("  ")[1] for line in changed]
    assert len([path for path in told if path.startswith("videos/")]) == len(UNFINISHED)
    assert not [path for path in told if not path.startswith(("videos/", "data/"))]
    assert {path for path in told if path.startswith("data/")} <= {
        *("data/videos.jsonl", "data/templates.jsonl", "data/collections.jsonl", "data/share_links.jsonl"),
        *("data/people.jsonl", "data/backends.jsonl"),
    }


def _waits_for_its_owner(ids: dict[str, str]) -> None:
    found = {name: Video.objects.get(public_id=each) for name, each in ids.items()}
    assert found["queued"].needs_decision
    assert found["queued"].unaccounted_since == found["queued"].created_at
    assert found["lost"].needs_decision
    assert found["running"].state == State.FAILED
    assert found["running"].can_check_again
    assert not Video.objects.filter(state=State.QUEUED).exists()
    assert set(Video.objects.exclude(due_at=None)) == set()


def _removes_nothing(ids: dict[str, str]) -> None:
    """No job is deleted at a backend that another studio may be using as well."""
    Backend.objects.update(can_delete=True, job_retention="delete")
    for backend in Backend.objects.all():
        assert not job_retention.releasable(backend, timezone.now()).exists()
    assert not Video.objects.exclude(retention_due_at=None).exists()
    assert not JobCandidate.objects.filter(video__public_id__in=(ids["queued"], ids["lost"])).exists()


def _lets_nobody_in() -> None:
    assert not User.objects.get(username="alice").has_usable_password()
    paid = Backend.objects.get(name="Paid")
    assert (paid.enabled, paid.base_url, paid.key_source) == (False, "", "")
    link = ShareLink.objects.get()
    assert (link.status, link.password) == ("revoked", "")
    assert link.comments.get().text == "Lovely. Less rain?"


def test_an_import_into_the_same_studio_brings_back_only_what_is_gone(
    work: dict[str, Video], run: Callable, tmp_path: Path
):
    export = tmp_path / "hers.zip"
    run("export_videos", "--owner", "alice", "--output", export)
    before, paid, lines = snapshot(), spent(), LedgerLine.objects.count()

    run("import_videos", export)
    assert snapshot() == before

    first = Video.objects.get(pk=work["first"].pk)
    Video.objects.get(pk=first.pk).delete()  # as the cleanup does in the end
    run("import_videos", export)

    back = Video.objects.get(public_id=first.public_id)
    assert back.pk == first.pk  # by which the ledger knows it
    assert Video.objects.get(pk=work["remix"].pk).source == back
    assert (LedgerLine.objects.count(), spent()) == (lines, paid)
    assert not list(ledger_check.find_contradictions())
    assert Entry.objects.filter(note="Imported from an export.").count() == 1
    assert "Dry run: nothing was changed." in run("import_videos", export, "--dry-run").err


def test_a_person_becomes_another_one(work: dict[str, Video], run: Callable, wiped: Callable, tmp_path: Path):
    run("export_videos", "--owner", "alice", "--with-trash", "--output", tmp_path / "hers")
    videos, net = Video.objects.filter(owner__username="alice").count(), spent()["alice"]
    wiped()
    dora = User.objects.create(username="dora")
    User.objects.create(username="bob")

    run("import_videos", tmp_path / "hers", "--owner", "dora")

    assert Video.objects.filter(owner=dora).count() == videos == Video.objects.count()
    assert LedgerLine.objects.filter(user_id=dora.pk).count() == LedgerLine.objects.count()
    assert spent() == {"alice": net}
    assert dora.references.count() == 2
