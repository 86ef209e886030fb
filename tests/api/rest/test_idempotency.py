"""Requests that come twice: by key, and by the openai package's retries, in turn and at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts import tokens
from accounts.models import User
from tests.api.rest.conftest import URL
from tests.factories import VideoFactory
from videos.api import idempotency
from videos.api.auth import Caller
from videos.api.errors import ApiError
from videos.engine import sweep
from videos.models import IdempotencyRecord, State, Video

ASKED = idempotency.compute_fingerprint("generate", {"prompt": "A lake"})


@pytest.fixture
def caller(alice: User) -> Caller:
    token, _ = tokens.issue(alice, "test")
    return Caller(alice, token)


def making(caller: Caller) -> Callable[[], Video]:
    return lambda: VideoFactory(owner=caller.user)


def never() -> Video:
    raise AssertionError("it was carried out again")


def test_a_fingerprint_tells_requests_apart():
    same = idempotency.compute_fingerprint("generate", {"size": "1x1", "prompt": "A lake"}, {"image": b"1"})
    assert (
        idempotency.compute_fingerprint("generate", {"prompt": "A lake", "size": "1x1"}, {"image": b"1"})
        == same
    )
    others = [
        idempotency.compute_fingerprint("edit", {"prompt": "A lake", "size": "1x1"}, {"image": b"1"}),
        idempotency.compute_fingerprint("generate", {"prompt": "A pond", "size": "1x1"}, {"image": b"1"}),
        idempotency.compute_fingerprint("generate", {"prompt": "A lake", "size": "1x1"}, {"image": b"2"}),
        idempotency.compute_fingerprint("generate", {"prompt": "A lake", "size": "1x1"}),
    ]
    assert len({same, *others}) == 5


@pytest.mark.django_db
class TestWithAKey:
    def test_it_is_carried_out_once(self, caller: Caller):
        video, is_new = idempotency.create_once(caller, ASKED, making(caller), key="k")
        assert is_new
        assert idempotency.create_once(caller, ASKED, never, key="k") == (video, False)
        assert Video.objects.count() == 1

    def test_another_token_of_the_same_person_is_answered_too(self, caller: Caller):
        video, _ = idempotency.create_once(caller, ASKED, making(caller), key="k")
        other, _ = tokens.issue(caller.user, "another")
        assert idempotency.create_once(Caller(caller.user, other), ASKED, never, key="k") == (video, False)

    def test_something_else_is_refused(self, caller: Caller):
        idempotency.create_once(caller, ASKED, making(caller), key="k")
        with pytest.raises(ApiError) as refusal:
            idempotency.create_once(caller, idempotency.compute_fingerprint("generate", {}), never, key="k")
        assert (refusal.value.status, refusal.value.code) == (409, "idempotency_key_reused")

    @pytest.mark.parametrize("row_is_gone", [True, False])
    def test_a_deleted_video_is_not_made_again(self, caller: Caller, row_is_gone):
        video, _ = idempotency.create_once(caller, ASKED, making(caller), key="k")
        if row_is_gone:
            video.delete()
        else:
            Video.objects.update(deleted_at=timezone.now())
        with pytest.raises(ApiError) as refusal:
            idempotency.create_once(caller, ASKED, never, key="k")
        assert (refusal.value.status, refusal.value.code) == (409, "video_deleted")

    @pytest.mark.parametrize("key", ["k" * 256, "a\x00b"])
    def test_a_key_that_cannot_be_kept_is_refused(self, caller: Caller, key):
        with pytest.raises(ApiError) as refusal:
            idempotency.create_once(caller, ASKED, never, key=key)
        assert refusal.value.status == 400
        assert refusal.value.param == "Idempotency-Key"

    def test_what_fails_leaves_nothing(self, caller: Caller):
        def half() -> Video:
            VideoFactory(owner=caller.user)
            raise ApiError(422, "invalid_value", "No.")

        with pytest.raises(ApiError):
            idempotency.create_once(caller, ASKED, half, key="k")
        assert not Video.objects.exists()
        assert not IdempotencyRecord.objects.exists()


@pytest.mark.django_db
class TestRetriesWithoutAKey:
    def test_a_retry_is_answered_with_the_first_ones_video(self, caller: Caller):
        video, _ = idempotency.create_once(caller, ASKED, making(caller))
        assert idempotency.create_once(caller, ASKED, never, retry_count=1) == (video, False)

    def test_a_first_request_is_always_a_wish(self, caller: Caller):
        idempotency.create_once(caller, ASKED, making(caller))
        assert idempotency.create_once(caller, ASKED, making(caller))[1] is True

    def test_a_first_request_that_its_retry_overtook_is_none(self, caller: Caller):
        video, is_new = idempotency.create_once(caller, ASKED, making(caller), retry_count=1)
        assert is_new
        assert idempotency.create_once(caller, ASKED, never) == (video, False)
        assert idempotency.create_once(caller, ASKED, making(caller))[1] is True

    def test_a_retry_long_after_is_a_new_request(self, caller: Caller):
        idempotency.create_once(caller, ASKED, making(caller))
        IdempotencyRecord.objects.update(
            created_at=timezone.now() - idempotency.RETRY_WINDOW - timedelta(seconds=1)
        )
        assert idempotency.create_once(caller, ASKED, making(caller), retry_count=1)[1] is True

    def test_another_token_asks_for_itself(self, caller: Caller):
        idempotency.create_once(caller, ASKED, making(caller))
        other, _ = tokens.issue(caller.user, "another")
        assert (
            idempotency.create_once(Caller(caller.user, other), ASKED, making(caller), retry_count=1)[1]
            is True
        )

    def test_what_was_deleted_since_is_asked_for_anew(self, caller: Caller):
        video, _ = idempotency.create_once(caller, ASKED, making(caller))
        Video.objects.filter(pk=video.pk).update(deleted_at=timezone.now(), state=State.CANCELED)
        again, is_new = idempotency.create_once(caller, ASKED, making(caller), retry_count=1)
        assert is_new
        assert again != video


@pytest.mark.django_db
@pytest.mark.parametrize(("address", "action"), [("retry", "retry"), ("submit-again", "submit_again")])
def test_a_record_of_an_earlier_version_still_counts(program: Client, alice: User, address: str, action: str):
    video = VideoFactory(owner=alice, state=State.FAILED)
    recorded = idempotency.compute_fingerprint(action, {"video": video.public_id})
    IdempotencyRecord.objects.create(owner=alice, key="k", fingerprint=recorded, video=video)

    response = program.post(f"{URL}/{video.public_id}/{address}", headers={"Idempotency-Key": "k"})

    assert (response.status_code, response["Idempotent-Replayed"]) == (200, "true")
    video.refresh_from_db()
    assert video.state == State.FAILED


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("options", [{"key": "k"}, {"retry_count": 1}])
def test_two_at_the_same_instant_make_one_video(caller: Caller, options):
    together = Barrier(4)

    def ask(_: int) -> tuple[int, bool]:
        try:
            together.wait(30)
            video, is_new = idempotency.create_once(caller, ASKED, making(caller), **options)
            return video.pk, is_new
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(ask, range(4)))
    assert len({pk for pk, _ in answers}) == 1
    assert sorted(is_new for _, is_new in answers) == [False, False, False, True]
    assert Video.objects.count() == IdempotencyRecord.objects.count() == 1


@pytest.mark.django_db
def test_the_sweep_removes_old_ones_some_at_a_time(caller: Caller, monkeypatch):
    for key in "abcd":
        idempotency.create_once(caller, ASKED, making(caller), key=key)
    old = timezone.now() - sweep.IDEMPOTENCY_RETENTION - timedelta(minutes=1)
    IdempotencyRecord.objects.filter(key__in="abc").update(created_at=old)
    monkeypatch.setattr(sweep, "REMOVE_BATCH", 2)

    sweep.sweep()
    assert set(IdempotencyRecord.objects.values_list("key", flat=True)) == {"c", "d"}
    sweep.sweep()
    sweep.sweep()

    assert IdempotencyRecord.objects.get().key == "d"
    assert Video.objects.count() == 4
