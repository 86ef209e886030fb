"""The images of a request: what a model takes of them, and that a request that fails keeps none."""

from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from accounts.models import User
from tests.factories import BackendFactory, ReferenceImageFactory, VideoFactory
from tests.views.page import picture
from videos.capabilities import available_offers
from videos.engine import cleanup
from videos.engine.job_matching import _sent
from videos.media.reference import open_reference
from videos.models import Backend, ReferenceImage, State, Video, VideoModel
from videos.services import images as service
from videos.services.generation_requests import GenerationRequest
from videos.services.images import NewImage, RequestImages, find_image_errors
from videos.services.references import StoredReference, annotate_video_counts, delete_reference
from videos.services.video_actions import retry_video
from videos.services.videos import create_video, create_video_with_images

pytestmark = pytest.mark.django_db
REQUEST = GenerationRequest("A boat", "sora-2", 4, "1280x720")


@pytest.fixture(autouse=True)
def simulator(db) -> Backend:
    return Backend.objects.for_environment()


def new(name: str = "boat.png") -> NewImage:
    return NewImage(open_reference(picture(), max_bytes=10**7), name)


def own(owner: User, count: int) -> list[ReferenceImage]:
    return [ReferenceImageFactory(owner=owner) for _ in range(count)]


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


# --- What a model takes ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("model", "counts", "field", "sentence"),
    [
        ({}, {"last_frame": 1}, "last_frame", "A last frame needs a first frame."),
        (
            {"takes_last_frame": False},
            {"reference": 1, "last_frame": 1},
            "last_frame",
            "not take a last frame",
        ),
        ({"takes_reference": False}, {"reference": 1}, "reference", "does not support reference images"),
        ({}, {"references": 4}, "references", "takes at most 3 references; you gave 4."),
        ({"max_references": 1}, {"references": 2}, "references", "takes at most 1 reference; you gave 2."),
        ({"max_references": 0}, {"references": 1}, "references", "does not take further references"),
    ],
)
def test_what_a_model_does_not_take_is_told_at_its_field(model, counts, field, sentence):
    VideoModel.objects.filter(name="sora-2").update(**model)

    errors = find_image_errors(counts, available_offers()["sora-2"])

    assert list(errors) == [field]
    assert sentence in errors[field]


def test_the_simulator_takes_them_and_another_backend_only_what_is_known():
    offer = available_offers()["sora-2"]
    assert (offer.takes_last_frame, offer.max_references) == (True, 3)
    real = BackendFactory(name="Real")
    VideoModel.objects.get(name="sora-2").backends.set([real])
    offer = available_offers([real])["sora-2"]
    assert (offer.takes_reference, offer.takes_last_frame, offer.max_references) == (True, False, 0)
    VideoModel.objects.filter(name="sora-2").update(takes_last_frame=True, max_references=2)
    offer = available_offers([real])["sora-2"]
    assert (offer.takes_last_frame, offer.max_references) == (True, 2)


# --- Creating ----------------------------------------------------------------------------------------------
def test_a_video_has_its_frames_and_its_references_in_order(alice: User):
    first, last, *others = own(alice, 4)

    video = create_video_with_images(
        alice, REQUEST, RequestImages(first, last, (others[1], others[0], new()))
    )

    video = Video.objects.get(pk=video.pk)
    kept = ReferenceImage.objects.get(name="boat")
    assert (video.reference, video.last_frame) == (first, last)
    assert video.references == [others[1], others[0], kept]


def test_one_image_may_be_both_frames_and_a_reference(alice: User):
    image = new()

    video = create_video_with_images(alice, REQUEST, RequestImages(image, image, (image,)))

    (kept,) = ReferenceImage.objects.all()
    assert [video.reference, video.last_frame, *video.references] == [kept] * 3
    annotate_video_counts(alice, [kept])
    assert kept.video_count == 1


@pytest.mark.parametrize(
    ("images", "field"),
    [
        (lambda: RequestImages(None, new()), "last_frame"),
        (lambda: RequestImages(new(), None, (new(), new(), new(), new())), "references"),
    ],
)
def test_what_is_refused_keeps_no_image(alice: User, hints, media_root: Path, images: Any, field: str):
    with pytest.raises(ValidationError) as raised:
        create_video_with_images(alice, REQUEST, images())

    assert list(raised.value.message_dict) == [field]
    assert not Video.objects.exists()
    assert not ReferenceImage.objects.exists()
    assert files_in(media_root) == []
    assert hints == []


def test_a_failure_after_the_images_were_written_leaves_no_file(
    alice: User, media_root: Path, monkeypatch: pytest.MonkeyPatch
):
    def fail(*_: object) -> None:
        assert files_in(media_root)
        raise IntegrityError

    monkeypatch.setattr("videos.services.videos.create_video", fail)
    with pytest.raises(IntegrityError):
        create_video_with_images(alice, REQUEST, RequestImages(new(), new()))

    assert not ReferenceImage.objects.exists()
    assert files_in(media_root) == []


def test_a_full_disk_is_told_at_the_image_that_did_not_fit(
    alice: User, media_root: Path, monkeypatch: pytest.MonkeyPatch
):
    store = service.store_reference

    def full(*args: Any, field: str, **kwargs: Any) -> StoredReference:
        if field == "references":
            monkeypatch.setattr("django.core.files.storage.FileSystemStorage._save", _no_space)
        return store(*args, field=field, **kwargs)

    monkeypatch.setattr(service, "store_reference", full)
    with pytest.raises(ValidationError) as raised:
        create_video_with_images(alice, REQUEST, RequestImages(new(), references=(new(),)))

    assert list(raised.value.message_dict) == ["references"]
    assert not ReferenceImage.objects.exists()
    assert files_in(media_root) == []


def _no_space(*_: object, **__: object) -> None:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("field", ["last_frame", "references"])
def test_nobody_can_use_anothers_image(alice: User, bob: User, field: str):
    mine, theirs = ReferenceImageFactory(owner=alice), ReferenceImageFactory(owner=bob)
    images = {"last_frame": theirs} if field == "last_frame" else {"references": (theirs,)}

    with pytest.raises(ValidationError) as raised:
        create_video(alice, GenerationRequest("A boat", "sora-2", 4, "1280x720", mine, **images))

    assert list(raised.value.message_dict) == [field]
    assert not Video.objects.exists()


def test_all_images_together_are_bounded(alice: User, settings, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(service, "max_images_size", lambda: 100)

    with pytest.raises(ValidationError, match="Together these images have"):
        create_video_with_images(alice, REQUEST, RequestImages(new(), new()))

    assert not ReferenceImage.objects.exists()
    create_video_with_images(alice, REQUEST, RequestImages(new()))  # one is bounded where it is uploaded


# --- Afterwards --------------------------------------------------------------------------------------------
def test_a_deleted_image_stays_as_long_as_a_video_has_it_in_any_role(alice: User):
    first, last, other = own(alice, 3)
    video = create_video_with_images(alice, REQUEST, RequestImages(first, last, (other,)))
    for image in (first, last, other):
        delete_reference(image)
    assert ReferenceImage.objects.count() == 3

    Video.objects.filter(pk=video.pk).update(state=State.CANCELED, deleted_at=video.created_at)
    cleanup.clean_up_video(video.pk)

    assert not Video.objects.exists()
    assert not ReferenceImage.objects.exists()


def test_an_image_that_another_video_ends_with_stays(alice: User):
    first, last = own(alice, 2)
    VideoFactory(owner=alice, last_frame=last)
    video = create_video_with_images(alice, REQUEST, RequestImages(first, last))
    delete_reference(last)
    Video.objects.filter(pk=video.pk).update(state=State.CANCELED, deleted_at=video.created_at)

    cleanup.clean_up_video(video.pk)

    assert ReferenceImage.objects.filter(pk=last.pk).exists()


def test_a_retry_has_the_same_images(alice: User):
    first, last, other = own(alice, 3)
    video = create_video_with_images(alice, REQUEST, RequestImages(first, last, (other,)))
    Video.objects.filter(pk=video.pk).update(state=State.FAILED)

    assert retry_video(Video.objects.get())

    video = Video.objects.get()
    assert (video.state, video.last_frame, video.references) == (State.QUEUED, last, [other])


def test_videos_that_differ_in_these_images_alone_compete_for_a_job(alice: User):
    first, last, *others = own(alice, 4)
    plain = create_video_with_images(alice, REQUEST, RequestImages(first))
    ending = create_video_with_images(alice, REQUEST, RequestImages(first, last))
    guided = create_video_with_images(alice, REQUEST, RequestImages(first, references=tuple(others)))
    other_order = create_video_with_images(
        alice, REQUEST, RequestImages(first, references=tuple(others[::-1]))
    )

    assert len({_sent(each) for each in (plain, ending, guided, other_order)}) == 4
