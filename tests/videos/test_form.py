import pytest

from tests.videos.page import GOOD, picture, upload
from videos.forms import GenerateForm, starting_values
from videos.models import VideoModel

pytestmark = pytest.mark.django_db


def test_it_takes_plain_data(alice):
    form = GenerateForm({**GOOD, "seconds": 12}, {"input_reference": upload(picture())})
    assert form.is_valid(), form.errors
    video = form.save(alice)
    assert video.seconds == 12
    assert video.reference is not None


def test_it_tells_every_mistake_at_once():
    form = GenerateForm({"prompt": "", "model": "sora-2", "seconds": "x", "size": "1x1"})
    assert not form.is_valid()
    assert set(form.errors) == {"prompt", "seconds", "size"}
    assert len(form.errors["seconds"]) == 1


def test_it_starts_with_the_defaults(settings):
    settings.DEFAULT_MODEL, settings.DEFAULT_SECONDS, settings.DEFAULT_SIZE = "sora-2-pro", 8, "720x1280"
    assert starting_values({}) == {"prompt": "", "model": "sora-2-pro", "seconds": "8", "size": "720x1280"}


def test_it_starts_with_what_there_is_when_the_defaults_are_not(settings):
    settings.DEFAULT_MODEL, settings.DEFAULT_SECONDS, settings.DEFAULT_SIZE = "gone", 99, "1x1"
    assert starting_values({}) == {"prompt": "", "model": "sora-2", "seconds": "4", "size": "1280x720"}


def test_it_starts_empty_without_a_catalogue():
    VideoModel.objects.all().delete()
    assert starting_values({"model": "sora-2"}) == {}


def test_it_knows_which_model_takes_what():
    VideoModel.objects.filter(name="sora-2-pro").update(seconds=[8, 16], sizes=["1280x720"])
    form = GenerateForm()
    assert {choice.value: choice.models for choice in form.lengths} == {
        "4": ("sora-2",),
        "8": ("sora-2", "sora-2-pro"),
        "12": ("sora-2",),
        "16": ("sora-2-pro",),
    }
    assert form.sizes[0].models == ("sora-2", "sora-2-pro")
    assert form.sizes[1].models == ("sora-2",)
