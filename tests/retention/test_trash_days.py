"""How long videos are in the trash that a rule of a collection moved there: announced with the move."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from notifications.wording import words_of
from tests.api.rest.conftest import client_of
from tests.retention.conftest import DAY, reload, told
from tests.retention.test_trash import collect, pass_days
from videos.engine import ageing, sweep
from videos.models import CollectionItem, CollectionMember, HoldReason, StudioState, Video
from videos.services.collections import save_changes
from videos.services.library import move_to_trash, restore_from_trash, set_favourite

pytestmark = pytest.mark.django_db
Old = Callable[..., Video]
RULE = {"retention": "days", "retention_days": 30}


def days_in_trash(video: Video) -> int:
    assert reload(video).trashed_at
    assert video.purged_at
    return (video.purged_at - video.trashed_at).days


def pass_minutes(clock, minutes: int) -> None:
    for _ in range(minutes):
        clock.advance(60)
        ageing.run()
        sweep.sweep()


def test_it_is_announced_with_the_move_and_kept_to_the_day(old: Old, alice: User, as_alice: Client, clock):
    video, kept = old(), old()
    collection = collect(video, alice, **RULE, trash_days=2)
    CollectionItem.objects.create(collection=collection, video=kept)
    ageing.run()
    set_favourite([kept], on=True)
    last_day = clock.now + timedelta(days=9)
    assert reload(video).purged_at == last_day
    (note,) = told(alice, "retention.due")
    assert note.data["first_deleted"] == last_day.isoformat()
    assert "deleted for good" in words_of(note).title
    assert "deleted for good on" in as_alice.get(reverse("videos:expiring")).content.decode()

    pass_days(clock, 7)
    assert days_in_trash(video) == 2
    clock.advance(1.9 * DAY)
    pass_minutes(clock, 1)
    assert reload(video).deleted_at is None
    clock.advance(0.2 * DAY)
    pass_minutes(clock, 1)

    assert reload(video).deleted_at
    assert (reload(kept).trashed_at, kept.deleted_at) == (None, None)


def test_the_longest_counts_by_itself_and_anothers_only_makes_it_longer(
    old: Old, alice: User, bob: User, clock, settings
):
    alone, usual, both, lent, lent_long, thrown = (old() for _ in range(6))
    collect(alone, alice, **RULE, trash_days=2)
    collect(usual, alice, **RULE)
    collect(both, alice, **RULE, trash_days=2)
    collect(both, alice, retention="days", retention_days=10, trash_days=5)
    collect(lent, alice, **RULE, trash_days=2)
    collect(lent, bob, **RULE, trash_days=1)
    collect(lent_long, alice, **RULE, trash_days=2)
    collect(lent_long, bob, **RULE, trash_days=90)
    collect(thrown, alice, **RULE, trash_days=2)
    ageing.run()
    move_to_trash([thrown])

    pass_days(clock, 7)

    videos = (alone, usual, both, lent, lent_long, thrown)
    assert [days_in_trash(video) for video in videos] == [2, 30, 5, 2, 90, 30]
    settings.TRASH_RETENTION_DAYS = 40  # for all that no collection says otherwise of
    assert [days_in_trash(video) for video in videos] == [2, 40, 5, 2, 90, 40]


def test_a_rule_made_shorter_deletes_nothing_sooner_than_announced(old: Old, alice: User, clock):
    announced, trashed = old(), old()
    collection = collect(announced, alice, **RULE, trash_days=20)
    collect(trashed, alice, **RULE, trash_days=20)
    pass_days(clock, 7)
    restore_from_trash([reload(announced)])
    assert reload(announced).purge_due_at is None
    Video.objects.filter(pk=announced.pk).update(retained_from=None)
    ageing.run()
    clock.advance(2 * DAY)
    type(collection).objects.update(trash_days=1)  # behind the back of `save_changes`
    pass_days(clock, 5)
    assert [days_in_trash(announced), days_in_trash(trashed)] == [20, 20]

    fresh = old()
    CollectionItem.objects.create(collection=collection, video=fresh)
    ageing.run()
    collection.trash_days = 3
    save_changes(collection, ["trash_days"])
    assert reload(fresh).retention_due_at is None
    ageing.run()
    clock.advance(DAY)
    ageing.run()
    assert reload(fresh).purged_at == reload(fresh).retention_due_at + timedelta(days=3)


def test_neither_a_jump_of_the_clock_nor_a_restored_backup_deletes_any(old: Old, alice: User, clock):
    video = old()
    collect(video, alice, **RULE, trash_days=1)
    pass_days(clock, 7)
    StudioState.objects.create(pk=1, held_at=timezone.now(), hold_reason=HoldReason.RESTORED)
    clock.advance(2 * DAY)
    pass_minutes(clock, 2)
    assert reload(video).deleted_at is None
    StudioState.objects.all().delete()
    clock.advance(365 * DAY)
    pass_minutes(clock, 3)
    assert reload(video).deleted_at is None


def test_a_dry_run_says_when(old: Old, alice: User, clock, capsys):
    collect(old(), alice, **RULE, trash_days=2)
    pass_days(clock, 7)
    call_command("retention", "--dry-run", "--days", "3")
    assert "Are deleted for good: 1 videos" in capsys.readouterr().out


def test_the_page_asks_about_the_days_in_the_trash_too(old: Old, alice: User, as_alice: Client):
    collection = collect(old(), alice, **RULE)
    address = reverse("videos:collection_edit", args=[collection.public_id])
    body = {"name": "Autumn", **RULE, "trash_days": "2"}

    asked = as_alice.post(address, body).content.decode()

    assert "deleted for good 2 days after that" in " ".join(asked.split()).replace("\xa0", " ")
    collection.refresh_from_db()
    assert collection.trash_days is None
    assert as_alice.post(address, {**body, "trash_days": "0"}).status_code == 422
    assert as_alice.post(address, {**body, "trash_days": "9" * 30}).status_code == 422
    as_alice.post(address, {**body, "agreed_rule": "30/2"})
    collection.refresh_from_db()
    assert collection.trash_days == 2


def test_programs_read_and_set_the_rule(old: Old, alice: User, bob: User):
    collection = collect(old(), alice, visibility="people")
    CollectionMember.objects.create(collection=collection, person=bob, role="editor")
    address = f"/api/v1/collections/{collection.public_id}"

    def patch(person: User, **body: object) -> tuple[int, dict]:
        reply = client_of(person).patch(address, body, content_type="application/json")
        return reply.status_code, reply.json()

    def rule_of(reply: tuple[int, dict]) -> list[object]:
        assert reply[0] == 200, reply
        return [reply[1][name] for name in ("retention", "retention_days", "trash_days")]

    assert rule_of(patch(bob, name="Winter")) == ["studio", None, None]
    assert rule_of(patch(alice, **RULE, trash_days=2)) == ["days", 30, 2]
    assert rule_of(patch(alice, trash_days=0)) == ["days", 30, None]
    assert rule_of(patch(alice, retention="keep")) == ["keep", None, None]
    made = client_of(alice).post(
        "/api/v1/collections", {"name": "A", **RULE, "trash_days": 9}, content_type="application/json"
    )
    assert rule_of((made.status_code, made.json())) == ["days", 30, 9]
    assert patch(bob, retention="days", retention_days=1)[0] == 403
    for nonsense in (
        {"retention": "days"},
        {"retention": "never"},
        {"retention_days": 5},
        {"trash_days": 5},
        {**RULE, "trash_days": -1},
        {**RULE, "retention_days": 2.5},
        {**RULE, "trash_days": 10**30},
    ):
        assert patch(alice, **nonsense)[0] in (400, 422), nonsense
    collection.refresh_from_db()
    assert (collection.retention, collection.retention_days) == ("keep", None)
