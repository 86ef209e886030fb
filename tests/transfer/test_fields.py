"""Every column of every model is in an export, or left out for a reason that somebody wrote down."""

from typing import Any

import pytest
from django.apps import apps

from videos.transfer.fields import KEPT, NOT_EXPORTED, Kept

APPS = ("accounts", "audit", "billing", "notifications", "videos", "webhooks")


@pytest.mark.parametrize("kept", KEPT, ids=lambda kept: kept.model.__name__)
def test_every_column_is_classified(kept: Kept):
    meta = kept.model._meta
    columns = {field.name for field in (*meta.concrete_fields, *meta.many_to_many)}
    listed = [*kept.values, *kept.links, *kept.files, *kept.nested, *kept.left_out]
    assert sorted(listed) == sorted(columns)  # each once
    assert all(len(reason) > 5 for reason in kept.left_out.values())


def _is_left_out(model: Any) -> bool:
    label = model._meta.label
    return label in NOT_EXPORTED or f"{label.partition('.')[0]}.*" in NOT_EXPORTED


def test_every_model_is_classified():
    models = [model for model in apps.get_models() if model._meta.app_label in APPS]
    kept = {each.model for each in KEPT}
    assert {model for model in models if not _is_left_out(model)} == kept
    assert not [model for model in kept if _is_left_out(model)]
