import socket

import pytest
from django.core.management import CommandError, call_command

from tests.backends.server import Request, Server, reply
from tests.factories import BackendFactory
from tests.simulator.conftest import StartSimulator
from videos.capabilities import available_offers
from videos.models import Backend, VideoModel

pytestmark = pytest.mark.django_db

NO_JOB = reply(404, {"detail": "Video not found"})


def _naming(*models: str) -> Server:
    """A server that answers everything with its list of models."""
    return Server(reply(200, {"data": [{"id": model} for model in models]}))


def test_it_connects_a_second_simulator_with_a_key(run, start_simulator: StartSimulator, monkeypatch):
    monkeypatch.setenv("BACKEND_KEY_BOX", "sk-box-123456")
    simulator = start_simulator(api_key="sk-box-123456")

    ran = run("add_backend", "Box", f"{simulator.url}/v1/", key_env="BACKEND_KEY_BOX")

    box = Backend.objects.get()
    assert (box.base_url, box.key_env, box.can_remix) == (f"{simulator.url}/v1", "BACKEND_KEY_BOX", True)
    assert box.probed_at is not None
    assert {name: offer.backend for name, offer in available_offers().items()} == {
        "sora-2": box,
        "sora-2-pro": box,
    }
    assert "“Box” is added and serves sora-2, sora-2-pro." in ran.out
    assert "sk-box-123456" not in ran.out
    assert simulator.ledger() == []


def test_it_refuses_a_key_that_is_not_set_and_one_that_is_wrong(
    run, start_simulator: StartSimulator, monkeypatch
):
    url = f"{start_simulator(api_key='sk-right').url}/v1"
    with pytest.raises(CommandError, match=r"BACKEND_KEY_BOX is not set. Put BACKEND_KEY_BOX=… into .env"):
        run("add_backend", "Box", url, key_env="BACKEND_KEY_BOX")
    monkeypatch.setenv("BACKEND_KEY_BOX", "sk-wrong")
    with pytest.raises(CommandError, match="refuses the key"):
        run("add_backend", "Box", url, key_env="BACKEND_KEY_BOX")
    assert not Backend.objects.exists()


def _moved(_: Server, connection: socket.socket, request: Request) -> None:
    connection.sendall(reply(308, location=f"https://videos.example{request.target}"))


def test_it_refuses_an_address_that_redirects_and_names_the_right_one(run):
    with Server(_moved) as server, pytest.raises(CommandError) as error:
        run("add_backend", "Box", server.url)

    assert str(error.value) == "Not added. The base URL redirects. Use https://videos.example/v1 instead."
    assert not Backend.objects.exists()


@pytest.mark.parametrize(
    ("name", "url", "key_env", "reason"),
    [
        ("Box", "box:8000/v1", "", "must be an http or https URL"),
        ("Box", "http://127.0.0.1:9", "", "should end in the version"),
        ("Box", "http://127.0.0.1:9/v1", "sk-secret", "never the key itself"),
        ("Box", "http://127.0.0.1:9/v1", "", "cannot be reached"),
        ("Taken", "http://127.0.0.1:9/v1", "", "already exists"),
        ("", "http://127.0.0.1:9/v1", "", "blank"),
    ],
)
def test_it_refuses_what_cannot_work(run, name: str, url: str, key_env: str, reason: str):
    BackendFactory(name="Taken")

    with pytest.raises(CommandError, match=reason):
        run("add_backend", name, url, key_env=key_env)

    assert Backend.objects.count() == 1


def test_the_only_model_of_a_server_is_taken_into_the_catalogue(run):
    with _naming("Wan-AI/Wan2.2-T2V") as server:
        ran = run("add_backend", "Box", server.url)

    model = VideoModel.objects.get(name="Wan-AI/Wan2.2-T2V")
    model.full_clean()
    assert [backend.name for backend in model.backends.all()] == ["Box"]
    assert model.price_per_second == {}
    assert "New in the catalogue: Wan-AI/Wan2.2-T2V" in ran.out
    assert list(available_offers()) == ["Wan-AI/Wan2.2-T2V"]


@pytest.mark.parametrize(
    ("models", "reason"), [((), "does not name its models"), (("a", "b"), "names 2 models")]
)
def test_it_asks_which_models_when_it_cannot_know(run, models: tuple[str, ...], reason: str):
    with _naming(*models) as server, pytest.raises(CommandError, match=reason) as error:
        run("add_backend", "Box", server.url)

    assert "--models NAME,NAME" in str(error.value)
    assert not Backend.objects.exists()
    assert VideoModel.objects.count() == 2


def test_the_models_can_be_said(run):
    with _naming("chat", "veo") as server:
        ran = run("add_backend", "Box", server.url, models="veo, sora-2")

    assert {model.name for model in Backend.objects.get().models.all()} == {"veo", "sora-2"}
    assert "The server itself does not name sora-2." in ran.out
    assert not VideoModel.objects.filter(name="chat").exists()


@pytest.mark.parametrize(("default", "order"), [(True, ["Box", "Old"]), (False, ["Old", "Box"])])
def test_it_goes_first_only_when_asked_to(
    run, start_simulator: StartSimulator, default: bool, order: list[str]
):
    BackendFactory(name="Old").models.set(VideoModel.objects.all())

    run("add_backend", "Box", f"{start_simulator().url}/v1", default=default)

    assert [backend.name for backend in Backend.objects.in_use()] == order


def test_a_server_of_ones_own_begins_with_as_many_jobs_as_the_probe_can_justify(run):
    with _naming("wan-1") as server:
        ran = run("add_backend", "One", server.url)
        run("add_backend", "Mine", server.url, max_in_flight=3, time_limit=7200)
    with _naming("wan-1", "wan-2") as server:
        run("add_backend", "Two", server.url, models="wan-1")

    assert dict(Backend.objects.values_list("name", "max_in_flight")) == {"One": 1, "Mine": 3, "Two": 2}
    assert Backend.objects.get(name="Mine").generation_timeout == 7200
    assert "It is sent at most one job at once." in ran.out
    assert "jobs at once" in ran.out


@pytest.mark.parametrize("option", ["--max-in-flight", "--time-limit"])
@pytest.mark.parametrize("value", ["0", "-1", "x", "99999999999"])
def test_limits_are_whole_numbers_above_0(option: str, value: str):
    with pytest.raises(CommandError, match="give a whole number above 0"):
        call_command("add_backend", "Box", "http://box/v1", f"{option}={value}")
