import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.factories import VideoFactory
from tests.views.page import HTMX
from videos.forms import templates
from videos.models import PromptTemplate, VideoModel

pytestmark = pytest.mark.django_db
URL, NEW = reverse("videos:templates"), reverse("videos:template_new")
GOOD = {
    "title": "Ours",
    "category": "",
    "prompt": "A {thing} at dusk",
    "model": "",
    "seconds": "",
    "size": "",
}


def own(owner: User, **fields: object) -> PromptTemplate:
    return PromptTemplate.objects.create(**{"owner": owner, "title": "Mine", "prompt": "A {thing}", **fields})


def address(template: PromptTemplate, what: str = "") -> str:
    return reverse(f"videos:template{what}", args=[template.pk])


def test_it_shows_ones_own_first_and_the_shared_by_category(as_alice, alice, bob):
    older, newer = own(alice, title="Older"), own(alice, title="Newer")
    own(bob, title="Hidden from alice")
    own(alice, title="Switched off", enabled=False)
    response = as_alice.get(URL)
    assert response.context["own"] == [newer, older]
    categories = response.context["categories"]
    assert [name for name, _ in categories][:3] == ["Product", "Place", "Story"]
    assert sum(len(templates) for _, templates in categories) >= 24
    page = response.content.decode()
    assert "Hidden from alice" not in page
    assert "Switched off" not in page
    assert "what the built-in simulator draws" in page


@pytest.mark.parametrize(
    ("q", "titles"),
    [
        ("tram", ["City at dawn"]),
        ("  DAWN tram ", ["City at dawn"]),
        ("zebra\x00", []),
        ("100%", []),
        ("mine", ["Mine"]),
    ],
)
def test_it_searches_titles_and_prompts(as_alice, alice, bob, q, titles):
    own(alice)
    own(bob, title="Mine too")
    response = as_alice.get(URL, {"q": q}, headers=HTMX)
    shared = [each.title for _, templates in response.context["categories"] for each in templates]
    assert [each.title for each in response.context["own"]] + shared == titles
    assert "<html" not in response.content.decode()


def test_it_needs_as_many_queries_for_one_as_for_many(as_alice, alice, django_assert_num_queries):
    own(alice)
    as_alice.get(URL)
    with django_assert_num_queries(8) as few:
        as_alice.get(URL)
    for number in range(30):
        own(alice, title=f"No. {number}")
    with django_assert_num_queries(len(few)):
        as_alice.get(URL)


def test_one_is_kept_changed_and_deleted(as_alice, alice):
    assert as_alice.get(NEW).status_code == 200
    assert as_alice.post(NEW, GOOD).url == URL
    template = PromptTemplate.objects.get(title="Ours")
    assert (template.owner, template.prompt) == (alice, "A {thing} at dusk")

    assert "A {thing} at dusk" in as_alice.get(address(template)).content.decode()
    changed = {**GOOD, "title": "Theirs", "model": "sora-2", "seconds": "8", "size": "720x1280"}
    assert as_alice.post(address(template), changed).url == URL
    template.refresh_from_db()
    assert (template.title, template.model, template.seconds, template.size) == (
        "Theirs",
        "sora-2",
        8,
        "720x1280",
    )

    assert "Delete this template?" in as_alice.get(address(template, "_delete")).content.decode()
    assert PromptTemplate.objects.filter(pk=template.pk).exists()
    assert as_alice.post(address(template, "_delete")).url == URL
    assert not PromptTemplate.objects.filter(pk=template.pk).exists()


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("title", "", "required"),
        ("title", "x" * 81, "at most 80"),
        ("prompt", "", "required"),
        ("prompt", "A {thing", "unmatched"),
        ("prompt", "A {2nd}", "is not a variable"),
        ("prompt", "x" * 32_001, "at most 32000"),
        ("prompt", "a\x00b", "Null characters"),
        ("category", "x" * 41, "at most 40"),
        ("model", "sora-9", "not in the catalogue"),
        ("seconds", "5", "valid choice"),
        ("seconds", "x", "valid choice"),
        ("size", "1x1", "valid choice"),
    ],
)
def test_it_refuses_what_no_form_could_be_filled_with(as_alice, field, value, said):
    response = as_alice.post(NEW, {**GOOD, field: value})
    assert response.status_code == 422
    assert said in str(response.context["form"].errors[field])
    assert f'id="id_{field}_error"' in response.content.decode()
    assert not PromptTemplate.objects.exclude(owner=None).exists()


def test_a_length_that_the_chosen_model_has_not_is_refused(as_alice):
    VideoModel.objects.filter(name="sora-2-pro").update(seconds=[4])
    response = as_alice.post(NEW, {**GOOD, "model": "sora-2-pro", "seconds": "12"})
    assert "Sora 2 Pro does not offer this duration" in str(response.context["form"].errors["seconds"])


def test_there_is_an_end_to_how_many_one_may_keep(as_alice, alice, monkeypatch):
    monkeypatch.setattr(templates, "MAX_OWN_TEMPLATES", 2)
    first, _ = own(alice), own(alice)
    assert "limit of 2 templates" in as_alice.post(NEW, GOOD).content.decode()
    assert PromptTemplate.objects.filter(owner=alice).count() == 2
    assert as_alice.post(address(first), GOOD).status_code == 302


@pytest.mark.parametrize("what", ["", "_delete"])
def test_a_stranger_and_staff_find_nothing(as_bob, as_carol, alice, what):
    template = own(alice)
    for client in (as_bob, as_carol):
        for answer in (client.get, client.post, client.put, client.delete, client.head):
            assert answer(address(template, what)).status_code in (404, 405)
        assert client.get(address(template, what)).status_code == 404
        assert client.post(address(template, what), GOOD).status_code == 404
    template.refresh_from_db()
    assert template.title == "Mine"
    assert (
        as_bob.get(reverse("videos:studio"), {"template": template.pk}).context["composer"].variables is None
    )


@pytest.mark.parametrize("what", ["", "_delete"])
@pytest.mark.parametrize("number", [0, 10**30])
def test_one_that_is_not_there_is_not_found(as_alice, what, number):
    assert as_alice.get(reverse(f"videos:template{what}", args=[number])).status_code == 404


@pytest.mark.parametrize("what", ["", "_delete"])
def test_a_shared_one_is_changed_in_the_admin_only(as_alice, as_carol, what):
    shared = PromptTemplate.objects.filter(owner=None).first()
    for client in (as_alice, as_carol):
        assert client.post(address(shared, what), GOOD).status_code == 404
    assert PromptTemplate.objects.filter(pk=shared.pk, title=shared.title).exists()


def test_they_are_for_those_who_are_signed_in(client: Client, as_alice, alice):
    template = own(alice)
    for path in (URL, NEW, address(template), address(template, "_delete")):
        assert client.get(path).url == f"{reverse('account_login')}?next={path}"
        assert client.post(path).status_code in (302, 405)
        assert as_alice.delete(path).status_code == 405
    assert as_alice.post(URL).status_code == 405
    assert PromptTemplate.objects.filter(pk=template.pk).exists()


def test_only_who_may_add_shared_ones_gives_one_to_everybody(as_alice, as_carol, as_bob):
    as_alice.post(NEW, {**GOOD, "title": "From alice", "everybody": "on"})
    as_carol.post(NEW, {**GOOD, "title": "From carol", "everybody": "on"})
    assert "everybody" not in as_alice.get(NEW).content.decode()
    assert "everybody" in as_carol.get(NEW).content.decode()
    assert PromptTemplate.objects.get(title="From carol").owner is None
    page = as_bob.get(URL).content.decode()
    assert "From carol" in page
    assert "From alice" not in page


@pytest.mark.parametrize(
    ("codename", "may"),
    [("add_prompttemplate", True), ("change_prompttemplate", False), ("view_video", False), ("", False)],
)
def test_being_staff_is_not_enough_to_share_and_the_permission_is(as_bob, bob, codename: str, may: bool):
    User.objects.filter(pk=bob.pk).update(is_staff=True)
    bob.user_permissions.set(Permission.objects.filter(codename=codename))

    assert ("everybody" in as_bob.get(NEW).content.decode()) is may
    as_bob.post(NEW, {**GOOD, "title": "From bob", "everybody": "on"})

    template = PromptTemplate.objects.get(title="From bob")
    assert (template.owner is None) is may
    entries = LogEntry.objects.filter(user=bob, object_id=str(template.pk))
    assert [entry.get_change_message() for entry in entries] == ["Shared with everyone."] * may


def test_staff_give_away_one_of_their_own_later(as_carol, carol):
    template = own(carol)
    as_carol.post(address(template), {**GOOD, "everybody": "on"})
    template.refresh_from_db()
    assert template.owner is None
    assert as_carol.get(address(template)).status_code == 404


def test_a_video_becomes_a_template_that_says_the_same(as_alice, alice):
    video = VideoFactory(owner=alice, prompt="Braces {so} and }", seconds=8, size="720x1280")
    assert f"{NEW}?of={video.public_id}" in as_alice.get(video.get_absolute_url()).content.decode()
    initial = as_alice.get(NEW, {"of": video.public_id}).context["form"].initial
    as_alice.post(NEW, {**GOOD, **initial})
    template = PromptTemplate.objects.get(title="Ours")
    assert (template.seconds, template.size, template.model) == (8, "720x1280", "sora-2")
    started = as_alice.get(reverse("videos:studio"), {"template": template.pk})
    assert started.context["composer"].form.initial["prompt"] == "Braces {so} and }"


@pytest.mark.parametrize("public_id", ["", "x", "\x00", "video_nobody_has"])
def test_a_video_that_is_not_ones_own_is_no_beginning(as_alice, as_bob, alice, public_id):
    video = VideoFactory(owner=alice)
    assert as_bob.get(NEW, {"of": video.public_id}).status_code == 404
    assert as_alice.get(NEW, {"of": public_id}).status_code == 404


def test_a_picture_that_is_not_there_is_not_drawn(as_alice, alice):
    PromptTemplate.objects.filter(owner=None).delete()
    PromptTemplate.objects.create(title="No picture", prompt="x", picture="../../secret")
    page = as_alice.get(URL).content.decode()
    assert "No picture" in page
    assert "secret" not in page


def test_of_hundreds_of_models_one_is_chosen_from_the_list(as_alice):
    from tests.views.test_models import add_models

    page = as_alice.get(reverse("videos:template_new")).content.decode()
    assert '<select name="model"' in page
    assert "model-dialog" not in page
    add_models(300)
    page = as_alice.get(reverse("videos:template_new")).content.decode()
    assert '<input type="text" name="model"' in page
    assert 'data-dialog="model-dialog"' in page
    assert "acme/veo-3" not in page
    assert "16:9 1080p (1920\u00d71080)</option>" in page

    data = {"title": "Ours", "prompt": "A fox", "model": "acme/veo-3", "size": "1920x1080", "seconds": "5"}
    assert as_alice.post(reverse("videos:template_new"), data).status_code == 302
    assert PromptTemplate.objects.get(title="Ours").model == "acme/veo-3"
    response = as_alice.post(reverse("videos:template_new"), {**data, "model": "acme/none"})
    assert response.status_code == 422
    assert "This model is not in the catalogue. Choose another." in response.content.decode()
