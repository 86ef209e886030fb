import pytest
from django.utils import timezone

from tests.factories import BackendFactory
from tests.views.page import GOOD, picture, upload
from videos.capabilities import available_offers
from videos.forms.generate import GenerateForm, initial_values
from videos.models import Backend, Character, VideoModel
from videos.views.composer import Composer

pytestmark = pytest.mark.django_db


def _ready(owner, name="Ada", backend=None, **fields) -> Character:
    backend = backend or Backend.objects.for_environment()
    return Character.objects.create(
        owner=owner, name=name, backend=backend, **{"backend_character_id": f"c_{name}", **fields}
    )


def _start(chosen: dict[str, str]) -> dict[str, object]:
    return initial_values(chosen, available_offers())


def test_it_takes_plain_data(alice):
    ada = _ready(alice)
    data = {**GOOD, "seconds": 12, "fit": "pad", "characters": [ada.public_id, ada.public_id]}
    form = GenerateForm(data, {"input_reference": upload(picture())}, owner=alice)
    assert form.is_valid(), form.errors
    (video,) = form.create_videos(form.images)
    assert video.seconds == 12
    assert video.reference is not None
    assert video.reference_fit == "pad"
    assert list(video.characters.all()) == [ada]


def test_without_a_word_about_it_the_image_is_cropped(alice):
    form = GenerateForm(GOOD, owner=alice)
    assert form.is_valid(), form.errors
    assert [video.reference_fit for video in form.create_videos(form.images)] == ["crop"]


def test_it_tells_every_mistake_at_once(alice):
    form = GenerateForm({"prompt": "", "model": "sora-2", "seconds": "x", "size": "1x1"}, owner=alice)
    assert not form.is_valid()
    assert set(form.errors) == {"prompt", "seconds", "size"}
    assert len(form.errors["seconds"]) == 1


def test_it_starts_with_the_defaults(settings):
    settings.DEFAULT_MODEL, settings.DEFAULT_SECONDS, settings.DEFAULT_SIZE = "sora-2-pro", 8, "720x1280"
    assert _start({}) == {
        "prompt": "",
        "takes": "1",
        "model": "sora-2-pro",
        "seconds": "8",
        "size": "720x1280",
    }


def test_it_starts_with_what_there_is_when_the_defaults_are_not(settings):
    settings.DEFAULT_MODEL, settings.DEFAULT_SECONDS, settings.DEFAULT_SIZE = "gone", 99, "1x1"
    assert _start({"takes": "5"}) == {
        "prompt": "",
        "takes": "1",
        "model": "sora-2",
        "seconds": "4",
        "size": "1280x720",
    }


def test_it_starts_empty_without_a_catalogue():
    VideoModel.objects.all().delete()
    assert _start({"model": "sora-2"}) == {}


def test_it_knows_which_model_takes_what(alice):
    VideoModel.objects.filter(name="sora-2-pro").update(seconds=[8, 16], sizes=["1280x720"])
    composer = Composer(GenerateForm(initial=_start({"model": "sora-2-pro"}), owner=alice))
    assert [(choice.value, choice.is_chosen) for choice in composer.lengths] == [("8", True), ("16", False)]
    assert [choice.value for choice in composer.ratios] == ["16:9"]
    assert [(each.value, each.size) for each in composer.resolutions] == [("720p", "1280x720")]


def _characters(form: GenerateForm) -> dict[str, str]:
    return {choice.label: choice.backend.name for choice in Composer(form).characters}


def test_it_offers_ones_own_characters_that_are_ready(alice, bob):
    _ready(alice, "Ada")
    _ready(bob, "Bob's")
    _ready(alice, "Unready", backend_character_id="")
    _ready(alice, "Gone", deleted_at=timezone.now())
    _ready(alice, "Elsewhere", BackendFactory(can_characters=True))
    assert _characters(GenerateForm(owner=alice)) == {"Ada": "Simulator"}


def test_characters_stay_with_the_models_of_their_backend(alice):
    sora, pro = VideoModel.objects.all()
    one, other = BackendFactory(can_characters=True), BackendFactory(can_characters=True)
    one.models.set([sora])
    other.models.set([pro])
    ada, bea = _ready(alice, "Ada", one), _ready(alice, "Bea", other)
    assert _characters(GenerateForm(owner=alice)) == {"Ada": one.name, "Bea": other.name}

    form = GenerateForm({**GOOD, "characters": [bea.public_id]}, owner=alice)

    assert not form.is_valid()
    assert "cannot use Bea" in form.errors["characters"][0]
    form = GenerateForm({**GOOD, "characters": [ada.public_id]}, owner=alice)
    assert form.is_valid()


@pytest.mark.parametrize("can", [False, None])
def test_no_characters_where_the_backend_has_none(alice, can):
    backend = BackendFactory(can_characters=can)
    backend.models.set(VideoModel.objects.all())
    ada = _ready(alice, "Ada", backend)
    assert _characters(GenerateForm(owner=alice)) == {}
    form = GenerateForm({**GOOD, "characters": [ada.public_id]}, owner=alice)
    assert not form.is_valid()
    assert set(form.errors) == {"characters"}
