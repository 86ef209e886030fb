"""A model's form in the admin: rows and words instead of JSON, and what a service says as the default."""

from typing import Any

import pytest
from django.test import Client

from audit.models import Entry
from tests.admin.model_forms import address, open_form, send
from tests.factories import BackendFactory
from videos.backends.catalogue import CatalogueModel
from videos.backends.parameters import Parameter, seed_parameter
from videos.models import Backend, VideoModel
from videos.services import model_catalogue
from videos.services.model_catalogue import SyncResult, add_models, sync_models

pytestmark = pytest.mark.django_db

STEPS = Parameter("steps", "Steps", "integer", minimum=1, maximum=50)


def _told(**fields: Any) -> CatalogueModel:
    usual: dict[str, Any] = {
        "sizes": ("1280x720", "720x1280"),
        "seconds": (4, 8),
        "frames": ("first",),
        "price_per_second": {"*": "0.10"},
        "parameters": (seed_parameter(), STEPS),
    }
    return CatalogueModel("acme/one", "One", **{**usual, **fields})


@pytest.fixture
def backend(db) -> Backend:
    backend = BackendFactory(name="Cloud", service="openrouter")
    add_models(backend, [_told()])
    return backend


@pytest.fixture
def model(backend: Backend) -> VideoModel:
    return VideoModel.objects.get(name="acme/one")


def _service_says(monkeypatch: pytest.MonkeyPatch, backend: Backend, **fields: Any) -> SyncResult:
    """Have the service say something else, and take its catalogue over."""
    checked = model_catalogue.check_catalogue([_told(**fields)])
    monkeypatch.setattr(model_catalogue, "_read_catalogue", lambda *_: checked)
    return sync_models(backend)


def _values(model: VideoModel) -> dict[str, Any]:
    names = ("label", "sizes", "seconds", "price_per_second", "parameters", "takes_reference", "kept_fields")
    return {name: getattr(model, name) for name in names}


def test_saving_without_a_change_changes_nothing(as_carol: Client, model: VideoModel):
    before = _values(model)

    assert send(as_carol, model, open_form(as_carol, model)).status_code == 302

    assert _values(model) == before
    assert not Entry.objects.filter(kind="model", action="changed").exists()


def test_sizes_and_prices_are_rows(as_carol: Client, model: VideoModel):
    form = open_form(as_carol, model)

    changes = {"sizes-0-price": "0,40", "sizes-2-size": "1080p 16:9", "sizes-2-price": "$0.55"}
    assert send(as_carol, model, form, **changes, other_price="").status_code == 302

    assert model.sizes == ["1280x720", "720x1280", "1920x1080"]
    assert model.price_per_second == {"1280x720": "0.40", "1920x1080": "0.55"}
    entry = Entry.objects.get(kind="model", action="changed")
    assert entry.changes["price_per_second"] == ["other sizes $0.10", "1280x720 $0.40, 1920x1080 $0.55"]
    page = as_carol.get(address(model)).content.decode()
    assert "other sizes $0.10 → 1280x720 $0.40" in page


def test_a_size_is_offered_no_more_and_keeps_its_price(as_carol: Client, model: VideoModel):
    form = open_form(as_carol, model)
    del form["sizes-1-offered"]

    send(as_carol, model, form, **{"sizes-1-price": "0.20"})

    assert (model.sizes, model.price_per_second) == (["1280x720"], {"720x1280": "0.20", "*": "0.10"})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sizes-0-size": "huge"}, "Write it as 1280x720"),
        ({"sizes-0-price": "1.23456"}, "at most four decimals"),
        ({"sizes-0-price": "free"}, "such as 0.30"),
        ({"sizes-2-price": "1"}, "Say which size"),
        ({"sizes-1-size": "1280x720"}, "is in the table already"),
        ({"other_price": "-1"}, "such as 0.30"),
        ({"lengths": ""}, "Name at least one length"),
        ({"lengths": "4, x"}, "whole seconds"),
        ({"lengths": "0"}, "between 1 and"),
        ({"lengths": "1-9999"}, "between 1 and"),
        ({"parameters-0-taken": "yes", "parameters-0-minimum": "x"}, "Write a number"),
        ({"parameters-0-taken": "yes", "parameters-0-minimum": "9", "parameters-0-maximum": "1"}, "below"),
        ({"parameters-9-taken": "yes", "parameters-9-name": "prompt"}, "a setting of every request"),
        ({"parameters-9-taken": "yes", "parameters-9-name": "Seed"}, "in the list already"),
    ],
)
def test_bad_input_is_told_at_its_field_and_nothing_is_saved(
    as_carol: Client, model: VideoModel, changes: dict[str, str], words: str
):
    before = _values(model)
    form = open_form(as_carol, model)
    last = int(form["parameters-TOTAL_FORMS"][0]) - 1
    changes = {name.replace("-9-", f"-{last}-"): value for name, value in changes.items()}

    response = send(as_carol, model, form, **changes, label="Changed")

    page = response.content.decode()
    assert response.status_code == 200
    assert words in page.partition("errornote")[2].partition("</p>")[2]
    assert _values(model) == before


def test_a_capability_is_as_the_service_says_or_set(
    as_carol: Client, model: VideoModel, backend: Backend, monkeypatch: pytest.MonkeyPatch
):
    page = as_carol.get(address(model)).content.decode()
    assert "As the service says (yes)" in page
    assert ">Unknown<" not in page

    send(as_carol, model, open_form(as_carol, model), set_takes_reference="always", set_has_sound="never")
    assert (model.takes_reference, model.has_sound) == (True, False)
    _service_says(monkeypatch, backend, frames=(), has_sound=True)
    model.refresh_from_db()
    assert (model.takes_reference, model.has_sound) == (True, False), "what was set by hand stays"

    form = open_form(as_carol, model)
    assert form["set_takes_reference"] == ["always"]
    send(as_carol, model, form, set_takes_reference="", set_has_sound="")
    assert (model.takes_reference, model.has_sound) == (False, True)


def test_parameters_are_taken_or_not_in_words(as_carol: Client, model: VideoModel):
    page = as_carol.get(address(model)).content.decode()
    assert "<strong>Seed</strong> \N{EN DASH} taken" in page
    assert "<strong>Guidance</strong> \N{EN DASH} not told" in page
    form = open_form(as_carol, model)
    names = {form[f"parameters-{n}-name"][0]: n for n in range(int(form["parameters-TOTAL_FORMS"][0]))}

    changes = {
        f"parameters-{names['seed']}-taken": "no",
        f"parameters-{names['guidance_scale']}-taken": "yes",
    }
    own = f"parameters-{names['']}"
    changes |= {f"{own}-taken": "yes", f"{own}-name": "quality", f"{own}-type": "choice"}
    changes |= {f"{own}-choices": "low, high", f"{own}-default": "high"}
    assert send(as_carol, model, form, **changes).status_code == 302

    assert [each["name"] for each in model.parameters] == ["steps", "guidance_scale", "quality"]
    assert model.parameters[2]["choices"] == ["low", "high"]
    page = as_carol.get(address(model)).content.decode()
    assert "<strong>Seed</strong> \N{EN DASH} not taken" in page

    form = open_form(as_carol, model)
    again = {name: [""] for name in form if name.endswith("-taken")}
    send(as_carol, model, form, **again)
    assert model.parameters == model.description_used["parameters"], "as the service says, once more"


def test_what_a_service_changed_meanwhile_stays_where_nobody_touched_it(
    as_carol: Client, model: VideoModel, backend: Backend, monkeypatch: pytest.MonkeyPatch
):
    form = open_form(as_carol, model)
    _service_says(monkeypatch, backend, price_per_second={"*": "0.25"}, seconds=(4, 8, 12))

    assert send(as_carol, model, form, label="Ours").status_code == 302

    assert (model.label, model.price_per_second, model.seconds) == ("Ours", {"*": "0.25"}, [4, 8, 12])


def test_a_backend_that_retired_it_meanwhile_does_not_serve_it_again(
    as_carol: Client, model: VideoModel, backend: Backend
):
    form = open_form(as_carol, model)
    model.backends.remove(backend)

    send(as_carol, model, form, label="Ours")

    assert (model.label, list(model.backends.all())) == ("Ours", [])


def test_what_both_changed_is_asked_about_at_its_field(
    as_carol: Client, model: VideoModel, backend: Backend, monkeypatch: pytest.MonkeyPatch
):
    form = open_form(as_carol, model)
    _service_says(monkeypatch, backend, price_per_second={"*": "0.25"})

    response = send(as_carol, model, form, other_price="0.40")

    assert "Prices changed meanwhile, to other sizes $0.25." in response.content.decode()
    assert model.price_per_second == {"*": "0.25"}
    form["shown"] = [response.context["adminform"].form["shown"].value()]
    assert send(as_carol, model, form, other_price="0.40").status_code == 302
    assert model.price_per_second == {"*": "0.40"}


def test_what_differs_from_the_service_is_told_and_given_back(as_carol: Client, model: VideoModel):
    VideoModel.objects.filter(pk=model.pk).update(price_per_second={"*": "0.99"}, seconds=[5])
    page = as_carol.get(address(model)).content.decode()
    assert "The service says other sizes $0.10" in page

    send(as_carol, model, open_form(as_carol, model), take=["price_per_second"])

    assert (model.price_per_second, model.seconds) == ({"*": "0.10"}, [5])


def test_a_preview_says_what_five_seconds_cost_and_saves_nothing(as_carol: Client, model: VideoModel):
    form = open_form(as_carol, model)

    response = send(as_carol, model, form, other_price="0.3", lengths="5-7", _preview="Preview")

    page = response.content.decode()
    assert "Preview, not saved yet" in page
    assert "$1.50" in page
    assert "5 s, 6 s, 7 s" in page
    assert "errornote" not in page
    assert (model.price_per_second, model.seconds) == ({"*": "0.10"}, [4, 8])


def test_a_model_is_added(as_carol: Client, backend: Backend):
    from django.urls import reverse

    from tests.admin.model_forms import size_rows

    form = {"name": "acme/two", "label": "Two", "position": 0, "enabled": "on", "lengths": "4"}
    form |= {"backends": [backend.pk], **size_rows(("1280 \N{MULTIPLICATION SIGN} 720", "0.2"))}
    assert as_carol.get(reverse("admin:videos_videomodel_add")).status_code == 200

    assert as_carol.post(reverse("admin:videos_videomodel_add"), form).status_code == 302

    model = VideoModel.objects.get(name="acme/two")
    assert (model.sizes, model.seconds, model.price_per_second) == (["1280x720"], [4], {"1280x720": "0.2"})
    assert list(model.backends.all()) == [backend]


def test_who_may_only_look_sees_words_and_changes_nothing(staff, model: VideoModel):
    client = staff("view_videomodel")
    page = client.get(address(model)).content.decode()
    assert "1280x720, 720x1280" in page
    assert 'name="lengths"' not in page
    assert client.post(address(model), {"label": "Changed"}).status_code == 403
