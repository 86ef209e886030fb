"""What the migration makes of images from before they could be used again."""

import importlib
from datetime import timedelta

import pytest
from django.apps import apps
from django.utils import timezone

from tests.factories import ReferenceImageFactory, VideoFactory
from videos.models import ReferenceImage

pytestmark = pytest.mark.django_db
migration = importlib.import_module("videos.migrations.0020_fill_references")


def test_each_has_an_id_and_stands_where_it_was_last_used(alice):
    then, later = timezone.now() - timedelta(days=9), timezone.now() - timedelta(days=2)
    unused, used = (ReferenceImageFactory(owner=alice, created_at=then, public_id=n) for n in "ab")
    for moment in (then, later):
        VideoFactory(owner=alice, reference=used, created_at=moment)

    migration.fill(apps, None)

    found = {image.pk: image for image in ReferenceImage.objects.all()}
    assert (found[unused.pk].used_at, found[used.pk].used_at) == (then, later)
    ids = {image.public_id for image in found.values()}
    assert len(ids) == 2
    assert all(public_id.startswith("ref_") and len(public_id) == 36 for public_id in ids)
