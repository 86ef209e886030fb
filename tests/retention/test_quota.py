"""A person's storage: what counts, what is refused when it is full, and that a paid video is never lost."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.cache import caches
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import connection
from django.urls import reverse

from accounts.models import User
from billing.models import LedgerLine
from notifications.wording import words_of
from tests.engine.fake import FakeBackend
from tests.factories import VideoFactory
from tests.retention.conftest import reload, told
from tests.views.page import picture
from videos.engine import storage_use
from videos.engine.cleanup import clean_up_video
from videos.engine.storage_use import GIGABYTE, used_bytes
from videos.engine.store import store
from videos.models import Backend, Character, ReferenceImage, State, StorageNotice, Video
from videos.services.generation_requests import GenerationRequest
from videos.services.library import move_to_trash
from videos.services.quota import StorageFullError, require_room_for
from videos.services.references import add_reference
from videos.services.video_actions import delete_video, retry_video
from videos.services.videos import create_video

pytestmark = pytest.mark.django_db
REQUEST = GenerationRequest("A fox", "sora-2", 4, "1280x720")


@pytest.fixture(autouse=True)
def one_gigabyte(settings) -> None:
    settings.STORAGE_QUOTA_GB = 1


def fill(user: User, share: float, **fields: object) -> Video:
    return VideoFactory(owner=user, state=State.COMPLETED, byte_count=int(GIGABYTE * share), **fields)


def test_all_files_count_and_the_trash_too_until_it_is_emptied(alice: User, bob: User, fake: FakeBackend):
    video = VideoFactory(
        owner=alice, state=State.COMPLETED, byte_count=1000, browser_byte_count=200, picture_bytes=30
    )
    ReferenceImage.objects.create(owner=alice, width=1, height=1, sha256="a", byte_count=4)
    Character.objects.create(owner=alice, backend=video.backend, name="Fox", byte_count=7)
    fill(bob, 0.5)
    assert used_bytes(alice.pk) == 1241

    move_to_trash([video])
    assert used_bytes(alice.pk) == 1241
    delete_video(reload(video))
    clean_up_video(video.pk)
    assert used_bytes(alice.pk) == 11


def test_a_full_storage_refuses_new_videos_before_they_are_paid_for(alice: User, as_alice, paid: Backend):
    fill(alice, 1.0)
    failed = VideoFactory(owner=alice, state=State.FAILED, backend=paid)

    with pytest.raises(StorageFullError, match="delete them there for good"):
        create_video(alice, REQUEST)
    with pytest.raises(StorageFullError):
        retry_video(failed)
    body = {"prompt": "A fox", "model": "sora-2", "seconds": 4, "size": "1280x720"}
    answer = as_alice.post("/api/v1/videos/generate", body, content_type="application/json")
    page = as_alice.post(reverse("videos:studio"), body)

    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "storage_full")
    assert "Your storage is full" in page.content.decode()
    assert not LedgerLine.objects.exists()
    assert Video.objects.count() == 2
    alice.storage_quota_gb = 2
    alice.save()
    assert create_video(alice, REQUEST).state == State.QUEUED


def test_a_person_may_have_another_quota_or_none(alice: User, settings):
    fill(alice, 1.5)
    for own, is_full in ((None, True), ("1.60", False), (0, False), ("0.10", True)):
        User.objects.filter(pk=alice.pk).update(storage_quota_gb=own)
        assert storage_use.storage_use(User.objects.get(pk=alice.pk)).is_full is is_full
    settings.STORAGE_QUOTA_GB = 0
    User.objects.update(storage_quota_gb=None)
    assert storage_use.quota_of(User.objects.get(pk=alice.pk)) is None


def test_an_upload_that_does_not_fit_is_refused_and_nothing_is_kept(alice: User, media_root):
    wide = picture()
    add_reference(alice, ContentFile(wide, "fox.png"))
    image = ReferenceImage.objects.get()
    assert image.byte_count == image.file.size + image.thumbnail.size
    fill(alice, 1.0)
    before = sorted(path for path in media_root.rglob("*") if path.is_file())

    with pytest.raises(ValidationError, match="There is no room for this"):
        add_reference(alice, ContentFile(picture(size=(36, 64)), "bear.png"))

    assert ReferenceImage.objects.count() == 1
    assert sorted(path for path in media_root.rglob("*") if path.is_file()) == before
    add_reference(alice, ContentFile(wide, "fox.png"))  # is there already, and takes no room


def test_what_is_in_flight_is_stored_however_full_it_is(
    alice: User, backend: Backend, fake: FakeBackend, sample_video: bytes
):
    fill(alice, 3)
    video = VideoFactory(owner=alice, backend=backend, state=State.STORING)
    fake.content = [sample_video]

    store(video.pk)

    reload(video)
    assert video.state == State.COMPLETED
    assert video.picture_bytes == video.poster.size + video.scrub_sheet.size
    assert used_bytes(alice.pk) == 3 * GIGABYTE + len(sample_video) + video.picture_bytes
    assert len(told(alice, "storage.full")) == 1


def test_it_is_told_once_at_four_fifths_once_when_full_and_again_after_there_was_room(alice: User):
    def tell() -> tuple[int, int]:
        storage_use.tell(alice.pk)
        notes = told(alice, "storage.warning"), told(alice, "storage.full")
        return sum(note.count for note in notes[0]), sum(note.count for note in notes[1])

    first = fill(alice, 0.79)
    assert tell() == (0, 0)
    fill(alice, 0.02)
    assert [tell(), tell()] == [(1, 0), (1, 0)]
    words = words_of(told(alice, "storage.warning")[0])
    assert words.title == "Your storage is almost full"
    assert words.detail.replace("\xa0", " ").endswith("of 1.0 GB used")
    fill(alice, 0.3)
    assert [tell(), tell()] == [(1, 1), (1, 1)]
    first.delete()
    assert tell() == (1, 1)
    fill(alice, 0.5)
    assert tell() == (2, 1)


def test_files_from_before_are_measured(alice: User):
    video = fill(alice, 0)
    video.poster.save("poster.webp", ContentFile(b"12345"), save=False)
    video.picture_bytes = None
    video.save()
    ReferenceImage.objects.create(
        owner=alice, width=1, height=1, sha256="a", byte_count=None, file="gone.png"
    )

    storage_use.measure_some()

    assert used_bytes(alice.pk) == 5
    assert storage_use.measure_some() == 0


def test_a_batch_stops_instead_of_failing_and_goes_on_when_there_is_room(
    alice: User, save: Callable[..., object], work: Callable[..., None]
):
    from videos.services.batches import resume_batch, start_batch

    batch = save()
    start_batch(batch)
    filled = fill(alice, 1.0)

    work(batch)

    assert (batch.state, batch.rows.filter(state="waiting").count()) == ("stopped", 2)
    assert "Your storage is full" in batch.problem
    filled.delete()
    resume_batch(batch)
    work(batch)
    assert Video.objects.filter(batch=batch).count() == 2


def test_pages_say_how_much_is_used(as_alice, as_carol, alice: User):
    fill(alice, 0.5)
    library = reverse("videos:library")
    assert "512.0 MB of 1.0 GB" in as_alice.get(library).content.decode().replace("\xa0", " ")
    assert "almost full" not in as_alice.get(library).content.decode()
    fill(alice, 0.4)
    caches["process"].clear()
    for address in (library, reverse("account_profile"), reverse("billing:spend")):
        page = as_alice.get(address).content.decode().replace("\xa0", " ")
        assert "Your storage is almost full:" in page
        assert "921.6 MB of 1.0 GB" in page
    form = as_carol.get(reverse("admin:accounts_user_change", args=[alice.pk])).content.decode()
    assert "storage_quota_gb" in form


@pytest.mark.django_db(transaction=True)
def test_of_two_uploads_at_once_the_second_finds_the_first_counted(alice: User):
    from django.db import transaction

    fill(alice, 0.9)

    def upload(name: str) -> bool:
        try:
            with transaction.atomic():
                require_room_for(alice, int(GIGABYTE * 0.06), "reference")
                ReferenceImage.objects.create(
                    owner=alice, width=1, height=1, sha256=name, byte_count=int(GIGABYTE * 0.06)
                )
        except StorageFullError:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(upload, "ab")) == [False, True]

    def tell(_: int) -> None:
        storage_use.tell(alice.pk)
        connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(tell, range(2)))
    assert StorageNotice.objects.count() == 1
    assert [note.count for note in told(alice, "storage.warning")] == [1]
