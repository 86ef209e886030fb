"""A catalogue that lies: what can be used of it is used, within bounds, and nothing else is kept."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import BackendFactory
from videos.backends.catalogue import CatalogueModel
from videos.models import VideoModel
from videos.services.catalogue_checks import MAX_MODELS, TooManyModelsError, check_catalogue
from videos.services.model_catalogue import add_models

anything: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def _model(name: Any = "acme/one", **fields: Any) -> CatalogueModel:
    return CatalogueModel(name, fields.pop("label", "One"), **fields)


def _checked(**fields: Any) -> CatalogueModel:
    (model,) = check_catalogue([_model(**fields)]).models
    return model


@pytest.mark.parametrize(
    ("field", "sent", "kept"),
    [
        ("sizes", None, ()),
        ("sizes", (None, "wide", "0x0", "1280x720", "1280x720"), ("1280x720",)),
        ("sizes", tuple(f"{n}x720" for n in range(1, 5000)), tuple(f"{n}x720" for n in range(1, 61))),
        ("seconds", None, ()),
        ("seconds", (-4, 0, 4, "8", True, 10**9, 4), (4,)),
        ("price_per_second", None, {}),
        (
            "price_per_second",
            {"*": "cheap", "1280x720": 1, "wide": "0.1", "720x1280": "0.10"},
            {"720x1280": "0.10"},
        ),
        ("has_sound", "yes", None),
        ("frames", ("middle", "last"), ("last",)),
        ("frames", "first", ()),
        ("label", "x" * 10_000, "x" * 100),
        ("label", "\x00\u202e \n", "acme/one"),
        ("label", None, "acme/one"),
        ("description", "two\nlines \ud800", "two lines ?"),
    ],
)
def test_what_is_none_is_left_out(field: str, sent: Any, kept: Any):
    assert getattr(_checked(**{field: sent}), field) == kept


@pytest.mark.parametrize("name", ["", "x" * 101, "x" * 10_000, "a\x00b", "a\nb", " a", "\ud800", None, 7])
def test_a_name_that_cannot_be_kept_leaves_the_model_out(name: Any):
    checked = check_catalogue([_model(name), _model("good/model")])
    assert [model.name for model in checked.models] == ["good/model"]
    assert checked.left_out == ["Left out, as their names cannot be used: 1 model."]


def test_of_a_name_that_appears_twice_the_first_counts():
    checked = check_catalogue([_model(label="First"), _model(label="Second"), _model(label="Third")])
    assert [model.label for model in checked.models] == ["First"]
    assert checked.left_out == ["Left out, as their names appear twice: 2 models."]


def test_a_hundred_thousand_models_are_too_many():
    read = []

    def endless() -> Any:
        for number in range(100_000):
            read.append(number)
            yield _model(f"acme/{number}")

    with pytest.raises(TooManyModelsError, match=r"more than 2,000 models"):
        check_catalogue(endless())
    assert len(read) == MAX_MODELS + 1, "it stops as soon as it knows"


@given(st.lists(st.builds(_model, anything, sizes=anything, seconds=anything, label=anything), max_size=4))
def test_nothing_breaks_it(catalogue: Sequence[CatalogueModel]):
    for model in check_catalogue(catalogue).models:
        assert 0 < len(model.name) <= 100
        assert 0 < len(model.label) <= 100


@pytest.mark.django_db
def test_what_is_left_can_be_saved():
    backend = BackendFactory()
    lying = [
        _model("a/words", price_per_second={"*": "cheap"}, sizes=None, seconds=("four",)),
        _model("b/long", label="x" * 10_000, description="y" * 10_000),
        _model("x" * 10_000),
    ]
    assert add_models(backend, lying) == ["a/words", "b/long"]
    for model in VideoModel.objects.filter(name__contains="/"):
        model.full_clean()
