"""What Django calls models and fields by itself, in the language of whoever reads it."""

import pytest
from django.apps import apps
from django.utils.translation import override, trans_real

from contentgen.model_names import NAMES
from videos.models import Backend, Batch, Video


def _names_of(language: str) -> list[str]:
    field = Video._meta.get_field("created_at")
    with override(language):
        return [str(Video._meta.verbose_name), str(Video._meta.verbose_name_plural), str(field.verbose_name)]


def test_they_follow_the_language(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(
        trans_real.DjangoTranslation, "gettext", lambda self, text: f"{text} ({self.language()})"
    )

    assert _names_of("de") == ["video (de)", "videos (de)", "created at (de)"]


def test_they_are_what_django_makes_of_attributes_in_english():
    assert _names_of("en") == ["video", "videos", "created at"]


def test_what_an_author_named_keeps_that_name():
    assert str(Backend._meta.get_field("can_list").verbose_name) == "lists its jobs"
    assert str(Batch._meta.verbose_name_plural) == "batches"


def test_each_name_in_the_list_is_one_of_a_model_or_a_field():
    used = set()
    for model in apps.get_models():
        used |= {str(model._meta.verbose_name), str(model._meta.verbose_name_plural)}
        used |= {str(getattr(field, "verbose_name", "")) for field in model._meta.get_fields()}

    assert used >= NAMES
