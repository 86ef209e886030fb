"""Saving what was tested: the name, the models, twice, by two people, too late."""

import pytest
from django.utils import timezone

from accounts.models import User
from tests.connect.conftest import Serve
from tests.connect.steps import Connecting, sign_in, words_of
from tests.dialects.hosted import OpenRouter
from tests.dialects.server import KEY
from tests.factories import BackendFactory
from videos.engine import sweep
from videos.models import Backend, ConnectionDraft, VideoModel
from videos.models.connection_draft import LIFETIME

pytestmark = pytest.mark.django_db


def test_a_name_that_is_taken_is_said_at_the_name_and_nothing_is_saved(connecting: Connecting, serve: Serve):
    connecting.test("openrouter", serve(OpenRouter).url, KEY)
    BackendFactory(name="Cloud")
    before = VideoModel.objects.count()

    page = connecting.save("google/veo-3.1")

    assert page.status_code == 422
    assert "There is a backend “Cloud” already" in words_of(page)
    assert Backend.objects.filter(is_simulator=False).count() == 1
    assert VideoModel.objects.count() == before
    assert "is connected" in words_of(connecting.save("google/veo-3.1", name="Cloud 2"))


def test_a_name_that_is_taken_in_the_same_moment(
    connecting: Connecting, serve: Serve, monkeypatch: pytest.MonkeyPatch
):
    connecting.test("openrouter", serve(OpenRouter).url, KEY)
    BackendFactory(name="Cloud")
    monkeypatch.setattr(Backend, "full_clean", lambda backend: None)  # it was free when it was looked at

    page = connecting.save("google/veo-3.1")

    assert "There is a backend “Cloud” already" in words_of(page)
    assert connecting.draft.is_tested
    assert Backend.objects.filter(service="openrouter").count() == 0


def test_another_name_is_proposed_and_the_same_address_is_told(connecting: Connecting, serve: Serve):
    server = serve(OpenRouter)
    BackendFactory(name="OpenRouter", service="openrouter", base_url=server.url)

    page = connecting.test("openrouter", server.url, KEY)

    assert page.context["save_form"]["name"].value() == "OpenRouter (2)"
    assert "“OpenRouter” is connected to this address already" in words_of(page)


@pytest.mark.parametrize("models", [[], ["acme/nowhere"]])
def test_models_that_are_missing_or_not_offered(connecting: Connecting, serve: Serve, models: list[str]):
    connecting.test("openrouter", serve(OpenRouter).url, KEY)

    page = connecting.save(*models)

    assert page.status_code == 422
    assert page.context["save_form"].errors["models"]
    assert not Backend.objects.filter(is_simulator=False).exists()


def test_saving_twice_saves_once(connecting: Connecting, serve: Serve):
    connecting.test("openrouter", serve(OpenRouter).url, KEY)
    page = connecting.page

    for _ in range(2):
        last = connecting.client.post(page, {"name": "Cloud", "models": ["google/veo-3.1"]}, follow=True)

    assert "no longer there" in words_of(last) + str(list(last.context["messages"]))
    assert Backend.objects.filter(service="openrouter").count() == 1


def test_two_people_at_once_do_not_see_each_others_test(connecting: Connecting, serve: Serve, member: User):
    server = serve(OpenRouter)
    connecting.test("openrouter", server.url, KEY)
    page = connecting.page
    dora = Connecting(sign_in(member))

    assert dora.client.get(page).status_code == 302
    assert dora.client.post(page, {"name": "Mine", "models": ["google/veo-3.1"]}).status_code == 302
    assert not Backend.objects.filter(name="Mine").exists()
    dora.test("openrouter", server.url, KEY)
    dora.save("google/veo-3.1", name="Dora")
    connecting.client.post(page, {"name": "Carol", "models": ["google/veo-3.1"]})
    assert set(Backend.objects.filter(service="openrouter").values_list("name", flat=True)) == {
        "Dora",
        "Carol",
    }


def test_a_draft_is_forgotten_after_an_hour(connecting: Connecting, serve: Serve):
    connecting.test("openrouter", serve(OpenRouter).url, KEY)
    page = connecting.page
    ConnectionDraft.objects.update(created_at=timezone.now() - LIFETIME)

    assert connecting.client.get(page).status_code == 302
    assert connecting.client.get(page, headers={"HX-Request": "true"}).headers["HX-Redirect"]
    sweep.sweep()
    assert not ConnectionDraft.objects.exists()


class Many(OpenRouter):
    models = [
        {**OpenRouter.models[0], "id": f"acme/model-{number:03}", "pricing_skus": {"duration_seconds": price}}
        for number in range(300)
        for price in [f"{1 + number / 100:.2f}"]
    ]


def test_of_hundreds_a_sensible_few_are_chosen(connecting: Connecting, serve: Serve):
    page = connecting.test("openrouter", serve(Many).url, KEY)

    form = page.context["save_form"]
    assert len(form.offered) == 300
    assert form.chosen == ["acme/model-000", "acme/model-001", "acme/model-002"], "the cheapest"
    assert "$1.00 a second" in words_of(page)
    assert "model-search" in page.content.decode()
    connecting.save(*[each.model.name for each in form.offered])
    assert Backend.objects.get(name="Cloud").models.count() == 300
