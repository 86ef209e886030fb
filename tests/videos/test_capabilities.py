from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from tests.factories import BackendFactory, ReferenceImageFactory
from videos.capabilities import available_offers, backend_status
from videos.models import Backend, Video, VideoModel
from videos.services.generation_requests import GenerationRequest, find_request_errors
from videos.services.videos import create_video, create_videos

pytestmark = pytest.mark.django_db

REQUEST = GenerationRequest("A paper boat", "sora-2", 4, "1280x720")


def _serving(*names: str, **fields: object) -> Backend:
    backend = BackendFactory(**fields)
    backend.models.set(VideoModel.objects.filter(name__in=names))
    return backend


def _makers() -> dict[str, str]:
    return {name: offer.backend.name for name, offer in available_offers().items()}


def test_the_simulator_makes_everything_at_first():
    assert _makers() == {"sora-2": "Simulator", "sora-2-pro": "Simulator"}
    assert backend_status(Backend.objects.in_use()) == "simulator"


def test_the_environments_backend_serves_the_whole_catalogue(settings):
    settings.BACKEND_URL = "http://videos.example:8000/v1"

    assert _makers() == {"sora-2": "videos.example:8000", "sora-2-pro": "videos.example:8000"}
    assert Backend.objects.get().key_env == "BACKEND_KEY"
    assert backend_status(Backend.objects.in_use()) == ""


def test_an_address_of_an_earlier_setting_is_not_used_any_more(settings):
    settings.BACKEND_URL = "http://videos.example/v1"
    old = Backend.objects.for_environment()
    settings.BACKEND_URL = "http://videos.example/other/v1"

    assert old not in Backend.objects.in_use()
    assert Backend.objects.in_use()[0].name == "videos.example (2)"
    settings.BACKEND_URL = ""
    assert [backend.is_simulator for backend in Backend.objects.in_use()] == [True]


def test_the_environments_backend_is_the_one_that_staff_added_at_its_address(settings):
    mine = _serving("sora-2", base_url="http://videos.example/v1")
    settings.BACKEND_URL = "http://videos.example/v1"

    assert Backend.objects.in_use() == [mine]
    assert Backend.objects.count() == 1


def test_what_staff_change_about_the_environments_backend_stays(settings):
    settings.BACKEND_URL = "http://videos.example/v1"
    Backend.objects.for_environment().models.clear()
    Backend.objects.update(name="Ours", enabled=False)

    assert Backend.objects.in_use() == []
    assert _makers() == {}
    assert Backend.objects.get().name == "Ours"


def test_the_simulator_steps_aside_for_one_that_serves_something():
    _serving("sora-2", enabled=False)
    _serving()
    assert _makers() == {"sora-2": "Simulator", "sora-2-pro": "Simulator"}
    _serving("sora-2", name="Box")
    assert _makers() == {"sora-2": "Box"}


def test_the_first_backend_that_serves_a_model_takes_it():
    _serving("sora-2", "sora-2-pro", name="Dear", position=2)
    _serving("sora-2", name="Cheap", position=1)
    assert _makers() == {"sora-2": "Cheap", "sora-2-pro": "Dear"}


def test_a_video_goes_to_the_backend_that_serves_its_model_and_stays_there(alice, hints):
    one, other = _serving("sora-2", max_in_flight=1), _serving("sora-2-pro")
    pro = GenerationRequest("A boat", "sora-2-pro", 4, "1280x720")

    videos = create_videos(alice, [REQUEST, pro, REQUEST])

    assert [video.backend for video in videos] == [one, other, one]
    one.models.clear()
    assert Video.objects.get(pk=videos[0].pk).backend == one


def test_the_workers_of_each_backend_hear_of_its_videos(alice, hints, django_capture_on_commit_callbacks):
    one, other = _serving("sora-2", max_in_flight=1), _serving("sora-2-pro")
    pro = GenerationRequest("A boat", "sora-2-pro", 4, "1280x720")

    with django_capture_on_commit_callbacks(execute=True):
        create_videos(alice, [REQUEST, pro, REQUEST])

    assert sorted(hints) == [("submit", one.pk), ("submit", other.pk)]


def test_a_model_that_nobody_serves_is_refused(alice):
    _serving("sora-2-pro")

    with pytest.raises(ValidationError, match=r"There is no model “sora-2”. Choose one of: sora-2-pro."):
        create_video(alice, REQUEST)

    assert not Video.objects.exists()


def test_without_any_backend_it_says_so(alice):
    Backend.objects.for_environment()
    Backend.objects.update(enabled=False)

    with pytest.raises(ValidationError, match=r"No models are available right now."):
        create_video(alice, REQUEST)

    assert backend_status(Backend.objects.in_use()) == "none"


@pytest.mark.parametrize(("takes", "refused"), [(False, True), (None, False), (True, False)])
def test_a_reference_is_refused_only_where_it_surely_cannot_be_taken(alice, takes, refused):
    _serving("sora-2", takes_reference=takes)
    generation_request = GenerationRequest(
        "A boat", "sora-2", 4, "1280x720", ReferenceImageFactory(owner=alice)
    )

    (errors,) = find_request_errors([generation_request])

    assert set(errors) == ({"reference"} if refused else set())


def test_two_backends_cannot_have_one_name():
    BackendFactory(name="Box")
    with transaction.atomic(), pytest.raises(IntegrityError):
        BackendFactory(name="Box")


@pytest.mark.parametrize(
    ("prices", "seconds", "size", "price"),
    [
        ({"*": "0.10"}, 12, "1280x720", Decimal("1.20")),
        ({"1280x720": "0.30", "*": "0.50"}, 4, "1280x720", Decimal("1.20")),
        ({"1280x720": "0.30", "*": "0.50"}, 4, "720x1280", Decimal("2.00")),
        ({"1280x720": "0.30"}, 4, "720x1280", None),
        ({}, 4, "720x1280", None),
    ],
)
def test_a_price_is_by_the_second_and_the_size(prices, seconds, size, price):
    assert VideoModel(price_per_second=prices).price(seconds, size) == price


@pytest.mark.parametrize(
    "prices",
    [
        [],
        {"*": 0.1},
        {"*": "-1"},
        {"*": "1e3"},
        {"*": "0.00001"},
        {"big": "1"},
        {"*": "NaN"},
        {"*": "٣"},
        "0.10",
    ],
)
def test_a_price_list_that_cannot_be_read_is_refused(prices):
    model = VideoModel.objects.get(name="sora-2")
    model.price_per_second = prices

    with pytest.raises(ValidationError) as error:
        model.full_clean()

    assert set(error.value.message_dict) == {"price_per_second"}


def test_the_known_models_have_their_prices():
    sora, pro = VideoModel.objects.all()
    sora.full_clean()
    pro.full_clean()
    assert {size: sora.price(1, size) for size in sora.sizes} == dict.fromkeys(sora.sizes, Decimal("0.10"))
    assert [pro.price(1, size) for size in ("720x1280", "1024x1792")] == [Decimal("0.30"), Decimal("0.50")]
