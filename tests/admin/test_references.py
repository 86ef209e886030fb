import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse

from tests.factories import ReferenceImageFactory

pytestmark = pytest.mark.django_db


def test_they_are_shown_and_cannot_be_changed_or_deleted(as_carol: Client):
    image = ReferenceImageFactory()
    image.file.save("reference.jpg", ContentFile(b"jpeg"))

    assert as_carol.get(reverse("admin:videos_referenceimage_changelist")).status_code == 200
    assert as_carol.get(reverse("admin:videos_referenceimage_change", args=[image.pk])).status_code == 200
    served = as_carol.get(reverse("admin:videos_referenceimage_file", args=[image.pk]))
    assert served.getvalue() == b"jpeg"
    for name in ("change", "delete"):
        address = reverse(f"admin:videos_referenceimage_{name}", args=[image.pk])
        assert as_carol.post(address, {"post": "yes", "width": 1}).status_code == 403
    image.refresh_from_db()
    assert image.width == 1280
