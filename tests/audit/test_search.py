"""Finding entries in the admin, and taking them along."""

import csv
import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from audit import admin as audit_admin
from audit.models import Entry
from audit.vocabulary import Action, Door, Kind

pytestmark = pytest.mark.django_db
LIST = reverse("admin:audit_entry_changelist")


def _entry(**fields: object) -> Entry:
    return Entry.objects.create(
        **{"action": Action.CREATED, "kind": Kind.VIDEO, "door": Door.PAGE, "object_id": "video_1", **fields}
    )


def _found(client: Client, **search: str) -> list[int]:
    response = client.get(LIST, search)
    assert response.status_code == 200
    return sorted(entry.pk for entry in response.context["cl"].result_list)


def test_by_person_what_they_did_and_what_concerns_them(as_carol: Client, alice: User, bob: User):
    did = _entry(user_id=alice.pk, username="alice")
    concerned = _entry(user_id=bob.pk, username="bob", owner_id=alice.pk)
    _entry(user_id=bob.pk, username="bob")
    gone = _entry(user_id=999, username="zoe")
    assert _found(as_carol, person="ALICE") == [did.pk, concerned.pk]
    assert _found(as_carol, person="zoe") == [gone.pk]
    assert _found(as_carol, person="nobody") == []


def test_by_object_action_kind_door_and_days(as_carol: Client):
    first = _entry()
    other = _entry(object_id="video_2", action=Action.DELETED, kind=Kind.TOKEN, door=Door.REST)
    old = _entry(object_id="video_3", at=timezone.now() - timedelta(days=10))
    day = timezone.localdate() - timedelta(days=10)
    assert _found(as_carol, object="video_1") == [first.pk]
    assert _found(as_carol, action="deleted") == [other.pk]
    assert _found(as_carol, kind="token", door="rest") == [other.pk]
    assert _found(as_carol, first=str(day), last=str(day)) == [old.pk]
    assert _found(as_carol, first=str(day + timedelta(days=1))) == [first.pk, other.pk]


@pytest.mark.parametrize(
    "search",
    [
        {"first": "yesterday"},
        {"action": "flown"},
        {"first": "2026-02-02", "last": "2026-02-01"},
        {"person": "a\x00b"},
        {"person": "x" * 999},
    ],
)
def test_what_makes_no_sense_is_said_and_finds_nothing(as_carol: Client, search: dict[str, str]):
    _entry()
    response = as_carol.get(LIST, search)
    assert response.status_code == 200
    assert "errornote" in response.content.decode()
    assert not response.context["cl"].result_list


def test_more_entries_are_no_more_queries(as_carol: Client):
    def count() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            as_carol.get(LIST)
        return len(queries)

    _entry()
    few = count()
    Entry.objects.bulk_create(Entry(action="created", kind="video", door="page") for _ in range(300))
    assert count() == few


def test_it_never_counts_them_all(as_carol: Client, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(audit_admin, "MAX_LISTED", 3)
    for _ in range(5):
        _entry()
    with CaptureQueriesContext(connection) as queries:
        page = as_carol.get(LIST).content.decode()
    assert "Only the newest" in page
    assert not [
        each["sql"] for each in queries if "COUNT(" in each["sql"].upper() and "audit_entry" in each["sql"]
    ]


def test_one_entry_is_shown_and_never_changed(as_carol: Client):
    entry = _entry(changes={"amount": ["10", "20"], "stored_key": "changed"}, label="<b>x</b>")
    address = reverse("admin:audit_entry_change", args=[entry.pk])
    page = as_carol.get(address).content.decode()
    assert "10 → 20" in page
    assert "<b>x</b>" not in page
    assert as_carol.post(address, {"note": "x"}).status_code == 403
    assert as_carol.get(reverse("admin:audit_entry_add")).status_code == 403
    assert as_carol.get(reverse("admin:audit_entry_delete", args=[entry.pk])).status_code == 403


def test_strangers_see_none_of_it(as_alice: Client):
    assert as_alice.get(LIST).status_code == 302
    assert as_alice.get(reverse("admin:audit_entry_export", args=["csv"])).status_code == 302


def test_csv_is_streamed_and_no_cell_is_a_formula(as_carol: Client):
    _entry(label="=1+1", note="one, two", changes={"a": [1, "ü"]})
    response = as_carol.get(reverse("admin:audit_entry_export", args=["csv"]), {"kind": "video"})
    assert response.streaming
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    (row,) = csv.DictReader(text.splitlines())
    assert (row["label"], row["note"], row["changes"]) == ("'=1+1", "one, two", '{"a": [1, "ü"]}')
    exported = Entry.objects.get(kind=Kind.AUDIT)
    assert (exported.action, exported.username) == (Action.DOWNLOADED, "carol")


def test_json_lines_hold_what_the_search_finds(as_carol: Client):
    _entry()
    _entry(object_id="video_2")
    response = as_carol.get(reverse("admin:audit_entry_export", args=["jsonl"]), {"object": "video_2"})
    (line,) = b"".join(response.streaming_content).decode().splitlines()
    assert json.loads(line)["object_id"] == "video_2"


def test_the_command_prints_days(capsys):
    today = timezone.localdate()
    _entry(at=timezone.now() - timedelta(days=5), label="earlier")
    _entry(label="now")
    call_command("export_audit", "--from", str(today - timedelta(days=1)), "--to", str(today))
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["label"] == "now"
    with pytest.raises(CommandError):
        call_command("export_audit", "--from", "soon")
    with pytest.raises(CommandError, match="before the first"):
        call_command("export_audit", "--from", str(today), "--to", str(today - timedelta(days=1)))
