"""Each kind of service against its fake, from its tile to a backend that works."""

import pytest

from tests.connect.conftest import Serve
from tests.connect.steps import SLUGS, Connecting, words_of
from tests.dialects.hosted import HOSTED, HostedDialect
from tests.dialects.server import KEY
from tests.dialects.servers import PROTOCOL_DIALECTS
from tests.simulator.conftest import StartSimulator
from videos.capabilities import available_offers
from videos.engine import clients
from videos.models import Backend, ConnectionDraft

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("dialect", HOSTED)
def test_a_hosted_service_is_connected_with_a_pasted_key(
    connecting: Connecting, serve: Serve, dialect: type[HostedDialect]
):
    server = serve(dialect)

    page = connecting.test(SLUGS[dialect], server.url, KEY)

    assert "The test is done. Nothing is saved yet." in words_of(page)
    assert not Backend.objects.filter(is_simulator=False).exists()
    names = [each["name"] for each in connecting.draft.offered_models]
    done = connecting.save(*names)

    assert "Cloud is connected" in words_of(done)
    backend = Backend.objects.get(name="Cloud")
    assert (backend.service, backend.base_url, backend.key_env) == (dialect.service, server.url, "")
    assert (backend.key, backend.key_problem) == (KEY, "")
    assert backend.probed_at is not None
    assert backend.can_list is False
    assert {model.name for model in backend.models.all()} == set(names) == set(available_offers())
    assert not ConnectionDraft.objects.exists()
    assert not server.creates
    with clients.client_for(backend) as client:
        assert client.catalogue()


@pytest.mark.parametrize("slug", ["vllm-omni", "sglang", "litellm", "videos-api", "contentgen"])
def test_a_server_of_ones_own_is_connected(
    connecting: Connecting, slug: str, start_simulator: StartSimulator
):
    simulator = start_simulator(api_key=KEY)

    page = connecting.test(slug, f"{simulator.url}/v1", KEY)

    assert "The server answers." in words_of(page)
    assert "sizes, lengths and prices" in words_of(page)
    assert "sora-2" in connecting.client.get(connecting.page).context["save_form"].chosen
    assert connecting.save("sora-2").status_code == 200
    backend = Backend.objects.get(name="Cloud")
    assert (backend.service, backend.can_remix) == ("videos-api", True)
    assert [model.name for model in backend.models.all()] == ["sora-2"]


@pytest.mark.parametrize("dialect", PROTOCOL_DIALECTS, ids=lambda dialect: dialect.__name__)
def test_every_dialect_of_the_videos_api_can_be_tested(connecting: Connecting, dialect):
    with dialect(b"") as server:
        page = connecting.test("videos-api", server.url, KEY)

    assert "The test is done" in words_of(page)
    assert not server.creates


def test_models_that_no_server_names_are_typed_in(connecting: Connecting):
    with PROTOCOL_DIALECTS[0](b"") as server:
        connecting.test("videos-api", server.url, KEY)
        ConnectionDraft.objects.update(offered_models=[])

        assert "Name at least one model" in words_of(connecting.save())
        assert not Backend.objects.filter(name="Cloud").exists()
        assert "at most 100 characters" in words_of(connecting.save(more="x" * 101))
        connecting.save(more=" wan-2.2 , wan-2.2,ltx ")

    assert sorted(model.name for model in Backend.objects.get(name="Cloud").models.all()) == [
        "ltx",
        "wan-2.2",
    ]
