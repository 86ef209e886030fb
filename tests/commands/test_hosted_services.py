"""Hosted services from the shell: added with a key alone, used, and their models kept up to date."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from decimal import Decimal

import pytest
from django.core.management import CommandError

from tests.dialects.hosted import HOSTED, Gemini, HostedDialect, OpenRouter, Together
from tests.dialects.server import KEY
from tests.factories import VideoFactory
from tests.simulator.conftest import StartSimulator
from videos.backends.service_kinds import SERVICES
from videos.capabilities import available_offers, backend_status
from videos.engine import clients
from videos.models import Backend, State, VideoModel
from videos.services.backends import confirm_key

pytestmark = pytest.mark.django_db

Serve = Callable[[type[HostedDialect]], HostedDialect]
OWN_VARIABLES = {
    "openrouter": "OPENROUTER_API_KEY",
    "together": "TOGETHER_API_KEY",
    "gemini": "GEMINI_API_KEY",
}


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    with ExitStack() as stack:

        def start(dialect: type[HostedDialect]) -> HostedDialect:
            monkeypatch.setenv(OWN_VARIABLES[dialect.service], KEY)
            return stack.enter_context(dialect(b""))

        yield start


@pytest.mark.parametrize("dialect", HOSTED)
def test_it_adds_a_service_with_its_key_alone(run, serve: Serve, dialect: type[HostedDialect]):
    server = serve(dialect)

    ran = run("add_backend", "Cloud", server.url, service=dialect.service)

    backend = Backend.objects.get()
    assert (backend.service, backend.key_env) == (dialect.service, OWN_VARIABLES[dialect.service])
    assert backend.can_list is False
    assert set(available_offers()) == {model.name for model in backend.models.all()} != set()
    for model in backend.models.all():
        model.full_clean()
    assert KEY not in ran.out
    assert not server.creates


@pytest.mark.parametrize("dialect", HOSTED)
def test_a_services_own_address_is_the_default(
    run, serve: Serve, dialect: type[HostedDialect], monkeypatch: pytest.MonkeyPatch
):
    server = serve(dialect)
    own = SERVICES[dialect.service].address
    assert own.startswith("https://")
    asked: list[str] = []

    def probe(connection):
        asked.append(connection.base_url)
        from videos.backends.probe_report import failed_report

        return failed_report("Seen enough.")

    monkeypatch.setattr(clients.backend_client, "probe", probe)
    with pytest.raises(CommandError, match="Seen enough"):
        run("add_backend", "Cloud", service=dialect.service)

    assert asked == [own]
    assert not server.requests


def test_the_catalogue_says_sizes_lengths_and_prices(run, serve: Serve):
    run("add_backend", "Cloud", serve(OpenRouter).url, service="openrouter")

    veo, gen = VideoModel.objects.filter(described_by__isnull=False).order_by("name")
    assert (veo.name, veo.label, veo.seconds) == ("google/veo-3.1", "Google: Veo 3.1", [4, 6, 8])
    assert set(veo.sizes) == {"1280x720", "720x1280", "1920x1080"}
    assert veo.price(4, "1280x720") == Decimal("1.6"), "its videos have sound"
    assert (veo.takes_reference, gen.takes_reference) == (True, False)
    assert set(gen.sizes) == {"1280x720", "720x1280", "720x720"}
    assert gen.price(5, "720x720") == Decimal("0.6")
    offers = available_offers()
    assert offers["google/veo-3.1"].takes_reference
    assert not offers["runway/gen-4.5"].takes_reference
    assert not VideoModel.objects.filter(name__contains="upscaler").exists()


def test_what_a_service_does_not_say_is_called_a_guess(run, serve: Serve):
    ran = run("add_backend", "Cloud", serve(Together).url, service="together")

    assert "Sizes or lengths of acme/new-video are a guess" in ran.out
    assert "No price per second is known of" in ran.out
    assert not VideoModel.objects.filter(name="acme/chat").exists()


def test_only_the_chosen_models_are_taken(run, serve: Serve):
    run("add_backend", "Cloud", serve(OpenRouter).url, service="openrouter", models="runway/gen-4.5")

    assert list(available_offers()) == ["runway/gen-4.5"]


def test_a_model_that_is_not_offered_is_a_sentence(run, serve: Serve):
    with pytest.raises(
        CommandError, match=r"does not offer acme/x\. It offers google/veo-3\.1, runway/gen-4\.5\."
    ):
        run("add_backend", "Cloud", serve(OpenRouter).url, service="openrouter", models="acme/x")
    assert not Backend.objects.exists()


class Many(OpenRouter):
    models = [{**OpenRouter.models[1], "id": f"acme/model-{number}"} for number in range(300)]


def test_of_a_big_catalogue_it_asks_which(run, serve: Serve):
    server = serve(Many)
    with pytest.raises(CommandError, match=r"offers 300 models.*--models all"):
        run("add_backend", "Cloud", server.url, service="openrouter")
    assert not Backend.objects.exists()

    run("add_backend", "Cloud", server.url, service="openrouter", models="all")

    assert Backend.objects.get().models.count() == 300


class Lying(OpenRouter):
    """What a catalogue should not say, and one model that can be used."""

    models = [
        {"id": "good/model", "supported_durations": [5], "supported_sizes": ["1280x720"]},
        {"id": "a/words", "pricing_skus": {"duration_seconds": "cheap"}, "supported_durations": ["four", 5]},
        {"id": "b/nothing", "name": None, "supported_sizes": None, "supported_durations": None},
        {
            "id": "c/odd",
            "supported_resolutions": ["720p", "9K", None],
            "supported_aspect_ratios": ["16:9", "wide", 3],
            "pricing_skus": ["free"],
            "supported_frame_images": "first_frame",
        },
        {"id": "d/huge", "supported_sizes": ["99999x99999", "0x0", "1280x720 "]},
        {"id": "e/minus", "supported_durations": [-4, 0, 10**9], "pricing_skus": {"duration_seconds": "-1"}},
        {"id": None},
        {"id": "x" * 300},
        {"id": "line\nbreak"},
        "not a model",
        None,
    ]


def test_a_catalogue_that_lies_gives_models_that_can_be_saved(run, serve: Serve):
    run("add_backend", "Cloud", serve(Lying).url, service="openrouter", models="all")

    models = Backend.objects.get().models.order_by("name")
    assert [model.name for model in models] == [
        "a/words",
        "b/nothing",
        "c/odd",
        "d/huge",
        "e/minus",
        "good/model",
    ]
    for model in models:
        model.full_clean()
        assert model.price(5, model.sizes[0]) is None
    assert VideoModel.objects.get(name="c/odd").sizes == ["1280x720"]
    assert VideoModel.objects.get(name="a/words").seconds == [5]


@pytest.mark.parametrize("reply", [{"data": None}, [], "x", {"data": {"a": 1}}, None])
def test_a_catalogue_that_is_none_adds_nothing(run, serve: Serve, reply: object):
    server = serve(OpenRouter)
    from tests.dialects.server import Reply

    server.other_reply = lambda _: Reply(200, reply)

    with pytest.raises(CommandError, match=r"cannot be understood|no model"):
        run("add_backend", "Cloud", server.url, service="openrouter")
    assert not Backend.objects.exists()


def test_a_service_without_an_address_of_its_own_needs_one(run):
    with pytest.raises(CommandError, match="Say where the server is"):
        run("add_backend", "Box")


def test_a_wrong_or_missing_key_adds_nothing(run, serve: Serve, monkeypatch: pytest.MonkeyPatch):
    server = serve(Gemini)
    server.refused_key = True
    with pytest.raises(CommandError, match="refuses the key"):
        run("add_backend", "Cloud", server.url, service="gemini")
    monkeypatch.delenv("GEMINI_API_KEY")
    with pytest.raises(CommandError, match="GEMINI_API_KEY is not set"):
        run("add_backend", "Cloud", server.url, service="gemini")
    assert not Backend.objects.exists()


# --- sync_models -------------------------------------------------------------------------------------------


class Changed(OpenRouter):
    """Veo takes longer and costs less, Gen is gone, and there is a new one."""

    models = [
        {
            **OpenRouter.models[0],
            "supported_durations": [4, 6, 8, 10],
            "pricing_skus": {"duration_seconds": "0.30"},
        },
        {**OpenRouter.models[1], "id": "acme/new", "name": "New"},
    ]


def _move(backend: Backend, server: HostedDialect) -> Backend:
    backend.base_url = server.url
    backend.save()
    confirm_key(backend, by="a test")
    return backend


@pytest.fixture
def synced(run, serve: Serve) -> Backend:
    run("add_backend", "Cloud", serve(OpenRouter).url, service="openrouter")
    backend = Backend.objects.get()
    return _move(backend, serve(Changed))


def _facts(name: str) -> tuple[list[int], dict[str, str]]:
    model = VideoModel.objects.get(name=name)
    return model.seconds, model.price_per_second


def test_a_dry_run_shows_what_would_change_and_changes_nothing(run, synced: Backend):
    before = _facts("google/veo-3.1")

    ran = run("sync_models", "Cloud", dry_run=True)

    assert "changed  google/veo-3.1: seconds 4, 6, 8 → 4, 6, 8, 10" in ran.out
    assert "retired  runway/gen-4.5" in ran.out
    assert (
        "offered  acme/new: 1280x720, 720x720, 720x1280; 16:9 1:1 9:16; 2, 5, 10 s; no sound; $0.12"
        in ran.out
    )
    assert "nothing was changed" in ran.out
    assert _facts("google/veo-3.1") == before
    assert synced.models.filter(name="runway/gen-4.5").exists()


def test_models_follow_the_service(run, synced: Backend):
    video = VideoFactory(backend=synced, model="runway/gen-4.5", state=State.COMPLETED)

    run("sync_models", "Cloud")

    lengths, rates = _facts("google/veo-3.1")
    assert lengths == [4, 6, 8, 10]
    assert set(rates.values()) == {"0.3"}
    assert set(available_offers()) == {"google/veo-3.1"}, "the retired one is hidden, the new one not taken"
    video.refresh_from_db()
    assert video.state == State.COMPLETED
    assert "Nothing to change." in run("sync_models", "Cloud").out


def test_what_an_operator_set_by_hand_stays(run, synced: Backend):
    VideoModel.objects.filter(name="google/veo-3.1").update(
        price_per_second={"*": "0.55"}, label="Our Veo", enabled=False
    )

    ran = run("sync_models", "Cloud")

    veo = VideoModel.objects.get(name="google/veo-3.1")
    assert (veo.price_per_second, veo.label, veo.enabled) == ({"*": "0.55"}, "Our Veo", False)
    assert veo.seconds == [4, 6, 8, 10], "what was not touched follows"
    assert "kept     google/veo-3.1: label, price_per_second, set by hand" in ran.out


def test_new_models_are_taken_when_asked_for(run, synced: Backend):
    run("sync_models", "Cloud", add="acme/new")

    assert set(available_offers()) == {"google/veo-3.1", "acme/new"}


def test_a_model_of_the_same_name_that_was_there_before_keeps_its_description(run, serve: Serve):
    VideoModel.objects.create(name="google/veo-3.1", label="Mine", sizes=["64x36"], seconds=[1])

    run("add_backend", "Cloud", serve(OpenRouter).url, service="openrouter")
    ran = run("sync_models", "Cloud")

    assert (VideoModel.objects.get(name="google/veo-3.1").sizes) == ["64x36"]
    assert "kept     google/veo-3.1" in ran.out


@pytest.mark.parametrize("models", [[], [{"id": 7}]])
def test_a_catalogue_that_is_empty_hides_nothing(run, synced: Backend, serve: Serve, models: list[object]):
    server = serve(OpenRouter)
    server.models = models  # type: ignore[assignment]
    _move(synced, server)

    with pytest.raises(CommandError, match=r"Nothing was changed.*offers no model"):
        run("sync_models", "Cloud")
    assert synced.models.count() == 2


def test_it_says_when_a_backend_cannot_or_is_not_there(run, synced: Backend):
    with pytest.raises(CommandError, match=r"There is no backend “Box”\. There is: Cloud"):
        run("sync_models", "Box")
    with pytest.raises(CommandError, match="Cloud does not offer acme/x"):
        run("sync_models", "Cloud", add="acme/x")
    Backend.objects.update(service="videos-api")
    with pytest.raises(CommandError, match="cannot describe its models"):
        run("sync_models", "Cloud")


def test_the_simulator_is_a_service_too(run, start_simulator: StartSimulator, settings):
    settings.SIMULATOR_URL = f"{start_simulator().url}/v1"

    run("add_backend", "Patterns", service="simulator")

    backend = Backend.objects.get()
    assert (backend.base_url, backend.key_env, backend.is_free) == (settings.SIMULATOR_URL, "", True)
    assert backend_status(Backend.objects.in_use()) == "simulator", (
        "and every page says that it draws patterns"
    )


def test_the_catalogue_says_which_models_take_a_last_frame_and_an_operator_knows_better(run, serve: Serve):
    run("add_backend", "Cloud", serve(OpenRouter).url, service="openrouter")
    veo, gen = (VideoModel.objects.filter(name=name) for name in ("google/veo-3.1", "runway/gen-4.5"))
    assert (veo.get().takes_last_frame, gen.get().takes_last_frame) == (True, False)
    assert veo.get().max_references is None

    veo.update(takes_last_frame=False, max_references=4)
    described = gen.get().description_used  # as it was before there were last frames
    del described["takes_last_frame"]
    gen.update(takes_last_frame=None, description_used=described)
    run("sync_models", "Cloud")

    assert (veo.get().takes_last_frame, veo.get().max_references) == (False, 4)
    assert gen.get().takes_last_frame is False
