"""Old videos move to the trash: announced first, by the rule that counts for each, and never all at once."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts.models import User
from audit.models import Entry
from notifications.wording import words_of
from tests.factories import UserFactory, VideoFactory
from tests.retention.conftest import DAY, reload, told
from videos.engine import ageing, removal_guard, retention, sweep
from videos.models import (
    ApprovalRequest,
    Batch,
    Collection,
    CollectionItem,
    HoldReason,
    Kind,
    RequestKind,
    State,
    StudioState,
    Video,
)
from videos.services import retention as service
from videos.services.account_work import hand_over
from videos.services.library import move_to_trash, restore_from_trash, set_favourite
from videos.services.share_links import LinkOptions, create_link

pytestmark = pytest.mark.django_db
Old = Callable[..., Video]


@pytest.fixture(autouse=True)
def thirty_days(settings) -> None:
    settings.RETENTION_DAYS = 30


def pass_days(clock, days: float) -> None:
    """Let the studio run for so long: an absence of more than three days would stop it."""
    ageing.run()
    while days > 0:
        clock.advance(min(days, 2) * DAY)
        ageing.run()
        days -= 2


def collect(video: Video, owner: User, **fields: object) -> Collection:
    collection = Collection.objects.create(owner=owner, name="Autumn", **fields)
    CollectionItem.objects.create(collection=collection, video=video, added_by=video.owner)
    return collection


def test_a_rule_that_is_switched_on_moves_nothing_before_its_owner_was_told_for_a_week(
    alice: User, old: Old, clock
):
    videos, young = [old(400), old(31)], old(10)

    ageing.run()
    ageing.run()

    assert {reload(video).trashed_at for video in videos} == {None}
    assert {video.moves_to_trash_at for video in videos} == {clock.now + timedelta(days=7)}
    assert reload(young).moves_to_trash_at is None
    (note,) = told(alice, "retention.due")
    assert words_of(note).title.startswith("2 videos will move to the trash from ")

    pass_days(clock, 6.5)
    assert not Video.objects.exclude(trashed_at=None).exists()
    pass_days(clock, 1)
    ageing.run()

    assert Video.objects.exclude(trashed_at=None).count() == 2
    entries = Entry.objects.filter(action="trashed", door="system")
    assert sorted(entries.values_list("object_id", flat=True)) == sorted(each.public_id for each in videos)
    assert "30 days after it was finished" in entries[0].note


def test_a_person_is_told_once_a_day_however_many_there_are(alice: User, old: Old, clock):
    old(40)
    ageing.run()
    for _ in range(3):
        old(40)
        clock.advance(3600)
        ageing.run()
    assert told(alice, "retention.due")[0].count == 1

    pass_days(clock, 1)

    (note,) = told(alice, "retention.due")
    assert (note.count, note.data["count"]) == (2, 4)


def exempt_favourite(video: Video) -> None:
    set_favourite([video], on=True)


def exempt_kept(video: Video) -> None:
    service.keep([video])


def exempt_collection(video: Video) -> None:
    collect(video, video.owner, retention="keep")


def exempt_link(video: Video) -> None:
    create_link(video.owner, video, LinkOptions(), days=30)


def exempt_link_of_a_collection(video: Video) -> None:
    create_link(video.owner, collect(video, video.owner), LinkOptions(), days=30)


def exempt_source(video: Video) -> None:
    VideoFactory(owner=video.owner, backend=video.backend, state=State.QUEUED, kind=Kind.REMIX, source=video)


def exempt_batch(video: Video) -> None:
    video.batch = Batch.objects.create(
        owner=video.owner, name="Animals", state="running", row_count=1, estimate=0
    )
    video.save()


def exempt_approval(video: Video) -> None:
    ApprovalRequest.objects.create(
        owner=video.owner,
        kind=RequestKind.REMIX,
        data={"source": video.pk},
        count=1,
        price=1,
        expires_at=timezone.now() + timedelta(days=14),
    )


EXEMPTIONS = [
    exempt_favourite,
    exempt_kept,
    exempt_collection,
    exempt_link,
    exempt_link_of_a_collection,
    exempt_source,
    exempt_batch,
    exempt_approval,
]


def test_what_is_needed_stays_even_if_it_becomes_so_in_the_last_minute(old: Old, clock, settings):
    kept_from_the_start = [old(file=f"videos/{each.__name__}.mp4") for each in EXEMPTIONS]
    for exempt, video in zip(EXEMPTIONS, kept_from_the_start, strict=True):
        exempt(video)
    kept_late, other = [old() for _ in EXEMPTIONS], old()
    ageing.run()
    assert all(reload(video).retention_due_at for video in kept_late)
    assert not any(reload(video).retention_due_at for video in kept_from_the_start)
    for exempt, video in zip(EXEMPTIONS, kept_late, strict=True):
        exempt(reload(video))

    pass_days(clock, 8)

    assert list(Video.objects.exclude(trashed_at=None)) == [other]
    assert not any(reload(video).moves_to_trash_at for video in kept_late)

    settings.RETENTION_KEEPS_FAVOURITES = False
    pass_days(clock, 8)
    assert reload(kept_late[0]).trashed_at


def test_the_longest_rule_of_ones_collections_counts_and_anothers_only_makes_it_longer(
    old: Old, alice: User, bob: User, clock
):
    short, long, both, lent, lent_long, plain = (old(20) for _ in range(6))
    collect(short, alice, retention="days", retention_days=10)
    collect(long, alice, retention="days", retention_days=365)
    for days in (10, 365):
        collect(both, alice, retention="days", retention_days=days)
    collect(lent, bob, retention="days", retention_days=10)
    collect(lent_long, bob, retention="days", retention_days=365)

    pass_days(clock, 8)
    assert list(Video.objects.exclude(trashed_at=None)) == [short]
    pass_days(clock, 8)

    moved = set(Video.objects.exclude(trashed_at=None))
    assert moved == {short, lent, plain}


def test_a_rule_that_is_switched_off_calls_all_off_in_bites(
    old: Old, settings, monkeypatch, django_assert_max_num_queries
):
    settings.RETENTION_DAYS = 30
    videos = [old() for _ in range(5)]
    retention.announce()
    assert all(reload(video).moves_to_trash_at for video in videos)
    settings.RETENTION_DAYS = 0
    monkeypatch.setattr(retention, "WINDOW", 2)

    with django_assert_max_num_queries(20) as asked:
        retention.announce()

    assert len([each for each in asked.captured_queries if each["sql"].startswith("UPDATE")]) == 3
    assert not any(reload(video).moves_to_trash_at for video in videos)


def test_without_a_rule_of_the_studio_a_collection_may_have_one(old: Old, alice: User, settings, clock):
    settings.RETENTION_DAYS = 0
    ruled, other = old(), old()
    collection = collect(ruled, alice, retention="days", retention_days=30)
    pass_days(clock, 8)
    assert list(Video.objects.exclude(trashed_at=None)) == [ruled]

    second = old()
    CollectionItem.objects.create(collection=collection, video=second)
    ageing.run()
    assert reload(second).moves_to_trash_at
    Collection.objects.update(retention="studio", retention_days=None)
    ageing.run()
    assert reload(second).moves_to_trash_at is None
    assert reload(other).trashed_at is None


def test_what_its_owner_restores_begins_anew(old: Old, clock):
    video = old()
    move_to_trash([video])
    restore_from_trash([reload(video)])
    pass_days(clock, 20)
    assert reload(video).trashed_at is None
    assert reload(video).moves_to_trash_at is None
    pass_days(clock, 14)
    assert reload(video).trashed_at


def test_a_clock_that_jumps_a_year_removes_nothing_and_superusers_are_told(
    old: Old, alice: User, carol: User, clock
):
    announced = old()
    trashed = old(5, trashed_at=timezone.now() - timedelta(days=5))
    ageing.run()

    clock.advance(365 * DAY)
    for _ in range(3):
        ageing.run()
        sweep.sweep()
        clock.advance(60)

    assert reload(announced).trashed_at is None
    assert reload(trashed).deleted_at is None
    (note,) = told(carol, "retention.paused")
    assert "365 days ahead" in note.data["message"]
    assert not told(alice, "retention.paused")
    assert Entry.objects.filter(action="paused", kind="studio").count() == 1

    clock.advance(-365 * DAY)  # somebody sets it right
    ageing.run()
    assert reload(announced).moves_to_trash_at == clock.now + timedelta(days=7, minutes=-3)
    assert reload(announced).trashed_at is None


def test_after_an_absence_it_goes_on_once_it_has_run_for_a_day(old: Old, clock, monkeypatch):
    trashed = old(5, trashed_at=timezone.now() - timedelta(days=29))
    ageing.run()
    monkeypatch.setattr(removal_guard, "WAIT", 300.0)
    clock.advance(10 * DAY)
    ageing.run()
    for _ in range(4):
        sweep.sweep()
        assert reload(trashed).deleted_at is None
        clock.advance(60)
        ageing.run()
    clock.advance(12 * 3600)  # a night counts as two minutes
    sweep.sweep()

    assert reload(trashed).deleted_at


def test_a_restored_database_removes_nothing_while_it_is_held(old: Old, clock):
    video = old()
    Video.objects.update(retention_due_at=timezone.now() - timedelta(days=1))
    StudioState.objects.create(pk=1, held_at=timezone.now(), hold_reason=HoldReason.RESTORED)
    ageing.run()
    assert reload(video).trashed_at is None
    StudioState.objects.update(held_at=None)
    ageing.run()
    assert reload(video).trashed_at


def test_a_row_that_fails_stops_no_other_and_one_run_moves_only_so_many(old: Old, clock, monkeypatch):
    videos = [old(days) for days in (60, 50, 40)]
    Video.objects.update(retention_due_at=timezone.now() - timedelta(days=1))
    really_record = retention.record

    def record(action, subject, **options):
        if subject.id == videos[0].public_id:
            raise RuntimeError("broken")
        return really_record(action, subject, **options)

    monkeypatch.setattr(retention, "record", record)
    monkeypatch.setattr(retention, "MAX_MOVED", 2)
    assert retention.move_due() == 1
    assert retention.move_due() == 1
    assert retention.move_due() == 0
    assert reload(videos[0]).trashed_at is None
    assert all(reload(video).trashed_at for video in videos[1:])


def test_those_that_are_kept_do_not_hold_up_those_behind_them(old: Old, monkeypatch):
    monkeypatch.setattr(retention, "WINDOW", 2)
    for _ in range(4):
        service.keep([old(90)])
    last = old(40)
    ageing.run()
    assert reload(last).moves_to_trash_at


def test_a_dry_run_says_what_goes_when_and_changes_nothing(old: Old, alice: User, capsys):
    old(byte_count=3 * 1024**2)
    old(2, trashed_at=timezone.now() - timedelta(days=25), byte_count=1024)
    service.keep([old()])
    before = list(Video.objects.order_by("pk").values())

    call_command("retention", "--dry-run")

    out = capsys.readouterr().out.replace("\xa0", " ")
    day = f"{timezone.localtime(timezone.now() + timedelta(days=7)):%Y-%m-%d}"
    assert "Move to the trash: 1 videos" in out
    assert f"{day}  alice: 1, 3.0 MB" in out
    assert "Are deleted for good: 1 videos" in out
    assert list(Video.objects.order_by("pk").values()) == before
    UserFactory()  # and a studio with nothing to say
    call_command("retention")
    assert Video.objects.filter(retention_due_at__isnull=False).count() == 1


def test_an_heir_is_told_before_what_was_announced_to_the_former_owner_moves(
    old: Old, alice: User, bob: User, clock
):
    video = old()
    ageing.run()
    hand_over(None, user=alice, heir=bob)
    clock.advance(2 * DAY)
    ageing.run()
    assert reload(video).moves_to_trash_at == clock.now + timedelta(days=7)
    assert len(told(bob, "retention.due")) == 1
