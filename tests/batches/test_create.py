"""Rows become videos, portion by portion."""

import pytest

from billing.models import LedgerLine
from videos.models import BatchState, RowState, Video
from videos.services import batch_work
from videos.services.batches import resume_batch, start_batch

pytestmark = pytest.mark.django_db

PAID = "prompt,model,seconds\n" + "".join(f"Fox {n},paid-1,10\n" for n in range(5))


def prompts() -> list[str]:
    return list(Video.objects.order_by("pk").values_list("prompt", flat=True))


def test_a_batch_that_is_only_saved_creates_nothing(save, work):
    batch = save()
    work(batch)
    assert batch.state == BatchState.READY
    assert not Video.objects.exists()


def test_every_row_becomes_a_video_in_the_order_of_the_file(
    save, work, alice, hints, django_capture_on_commit_callbacks
):
    batch = save('prompt,seconds,tags,key\nA fox,8,"snow, hero",one\nA bear,,hero,two\n')
    with django_capture_on_commit_callbacks(execute=True):
        assert start_batch(batch)
    assert hints == [("advance_batch", batch.pk)]
    work(batch)
    assert batch.state == BatchState.RUNNING
    fox, bear = Video.objects.order_by("pk")
    assert (fox.prompt, fox.seconds, fox.owner, fox.batch) == ("A fox", 8, alice, batch)
    assert [row.video for row in batch.rows.all()] == [fox, bear]
    assert [row.key for row in batch.rows.all()] == ["one", "two"]
    assert sorted(tag.name for tag in fox.tags.all()) == ["hero", "snow"]
    assert [tag.name for tag in bear.tags.all()] == ["hero"]


def test_it_starts_once(save):
    batch = save()
    assert start_batch(batch)
    assert not start_batch(batch)


def test_whoever_goes_on_after_a_kill_creates_nothing_twice(save, work, monkeypatch):
    monkeypatch.setattr(batch_work, "PORTION", 2)
    batch = save("prompt\n" + "".join(f"Fox {n}\n" for n in range(5)))
    start_batch(batch)
    assert batch_work.create_portion(batch.pk)

    def killed(*args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(batch_work, "_tag", killed)  # the last thing that a portion does
        with pytest.raises(KeyboardInterrupt):
            batch_work.create_portion(batch.pk)
    assert Video.objects.count() == 2

    work(batch)
    assert list(Video.objects.order_by("pk").values_list("prompt", flat=True)) == [
        f"Fox {n}" for n in range(5)
    ]
    assert batch.rows.filter(state=RowState.CREATED).count() == 5


def test_each_portion_reserves_what_it_costs(save, work, priced):
    batch = save(PAID)
    assert str(batch.estimate) == "5.000000"
    start_batch(batch)
    work(batch)
    assert LedgerLine.objects.count() == 5


def test_a_row_that_the_catalogue_offers_no_longer_is_refused_alone(save, work, priced):
    batch = save(PAID + "A bear,paid-1,4\n")
    start_batch(batch)
    priced.seconds = [4]
    priced.save()
    work(batch)
    assert batch.state == BatchState.RUNNING
    refused = batch.rows.filter(state=RowState.REFUSED)
    assert refused.count() == 5
    assert "supports these durations: 4 seconds" in refused[0].error
    assert Video.objects.get().prompt == "A bear"


def test_prices_that_rise_stop_it_until_its_owner_goes_on(save, work, priced):
    batch = save(PAID)
    start_batch(batch)
    priced.price_per_second = {"*": "0.2"}
    priced.save()
    work(batch)
    assert batch.state == BatchState.STOPPED
    assert batch.problem == (
        "Prices have risen since this batch was checked: row 2 (paid-1) costs $2.00 now, not $1.00. "
        "Going on accepts the new prices."
    )
    assert not Video.objects.exists()
    assert resume_batch(batch)
    work(batch)
    assert Video.objects.count() == 5


def test_a_deactivated_account_creates_nothing_more(save, work, alice):
    batch = save()
    start_batch(batch)
    alice.is_active = False
    alice.save()
    work(batch)
    assert not Video.objects.exists()
