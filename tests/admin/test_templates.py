import pytest
from django.test import Client
from django.urls import reverse

from videos.models import PromptTemplate

pytestmark = pytest.mark.django_db

ADD = "admin:videos_prompttemplate_add"


def _form(**changes: object) -> dict[str, object]:
    form = {"title": "Ours", "prompt": "A fox", "model": "", "seconds": "", "size": "", "position": 9}
    return {**form, **changes}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"prompt": "A {thing|fox,owl}", "picture": "splash"},
        {"model": "sora-2", "seconds": 8, "size": "720x1280"},
        {"seconds": 12},
        {"size": "1792x1024"},
    ],
)
def test_it_keeps_what_the_catalogue_offers(as_carol: Client, changes: dict[str, object]):
    assert as_carol.post(reverse(ADD), _form(**changes)).status_code == 302

    assert PromptTemplate.objects.filter(title="Ours").exists()


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("model", {"model": "sora-9"}),
        ("seconds", {"seconds": 5}),
        ("seconds", {"model": "sora-2", "seconds": 5}),
        ("size", {"size": "1x1"}),
        ("prompt", {"prompt": ""}),
        ("prompt", {"prompt": "A {thing"}),
        ("picture", {"picture": "nobody-drew-it"}),
        ("prompt", {"prompt": "a\x00b"}),
    ],
)
def test_it_refuses_what_no_form_could_be_filled_with(
    as_carol: Client, field: str, changes: dict[str, object]
):
    response = as_carol.post(reverse(ADD), _form(**changes))

    assert field in response.context["adminform"].errors
    assert not PromptTemplate.objects.filter(title="Ours").exists()


def test_a_model_that_left_the_catalogue_is_pointed_out_not_silently_dropped(as_carol: Client):
    template = PromptTemplate.objects.create(title="Old", prompt="A fox", model="sora-1")
    address = reverse("admin:videos_prompttemplate_change", args=[template.pk])

    assert "sora-1 (no longer in the catalogue)" in as_carol.get(address).content.decode()
    response = as_carol.post(address, _form(model="sora-1"))

    assert "model" in response.context["adminform"].errors
    assert PromptTemplate.objects.get(pk=template.pk).title == "Old"


def test_the_list_switches_them_on_and_off_and_reorders(as_carol: Client):
    first, second = PromptTemplate.objects.all()[:2]
    PromptTemplate.objects.exclude(pk__in=[first.pk, second.pk]).delete()
    PromptTemplate.objects.filter(pk=first.pk).update(prompt="From before braces meant { anything")
    data = {
        "form-TOTAL_FORMS": 2,
        "form-INITIAL_FORMS": 2,
        "_save": "Save",
        "form-0-id": first.pk,
        "form-0-position": 5,
        "form-1-id": second.pk,
        "form-1-position": 1,
        "form-1-enabled": "on",
    }

    as_carol.post(reverse("admin:videos_prompttemplate_changelist"), data)

    assert list(PromptTemplate.objects.values_list("pk", "enabled")) == [(second.pk, True), (first.pk, False)]
