"""What a video's page and its card tell of what it was made from, and of what can be made of it."""

from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from tests.factories import BackendFactory, ReferenceImageFactory, VideoFactory
from videos import deriving
from videos.models import Backend, Character, Fit, Kind, State, Video, VideoModel
from videos.views.detail import FAMILY

pytestmark = pytest.mark.django_db
STUDIO, LIBRARY = reverse("videos:studio"), reverse("videos:library")


@pytest.fixture
def source(alice: User) -> Video:
    return VideoFactory(
        owner=alice,
        state=State.COMPLETED,
        backend=Backend.objects.for_environment(),
        prompt="The first of all boats",
        poster="videos/test/poster.webp",
    )


def derived(source: Video, kind: Kind = Kind.REMIX, **fields: object) -> Video:
    made_from = {"kind": kind, "source": source, "remixed_from": source.public_id}
    return VideoFactory(
        owner=fields.pop("owner", source.owner), backend=source.backend, **made_from, **fields
    )


def page_of(client, video: Video) -> str:
    return client.get(video.get_absolute_url()).content.decode()


def facts(page: str) -> dict[str, str]:
    """The first list of facts: name and value, without markup."""
    rows = page.partition('<dl class="facts">')[2].partition("</dl>")[0].split("<dt>")[1:]
    pairs = (row.partition("</dt>") for row in rows)
    return {name: value.removeprefix("<dd>").partition("</dd>")[0] for name, _, value in pairs}


# --- What can be made of it --------------------------------------------------------------------------------
def links(page: str, video: Video) -> set[str]:
    names = ("remix", "edit", "extend", "character_from")
    return {name for name in names if f'"{reverse(f"videos:{name}", args=[video.public_id])}"' in page}


def test_everything_is_offered_where_everything_is_possible(as_alice, source):
    assert links(page_of(as_alice, source), source) == {"remix", "edit", "extend", "character_from"}


@pytest.mark.parametrize("state", sorted(set(State) - {State.COMPLETED}))
def test_nothing_is_offered_before_it_is_finished(as_alice, alice, state):
    video = VideoFactory(owner=alice, state=state, backend=Backend.objects.for_environment())
    assert links(page_of(as_alice, video), video) == set()


@pytest.mark.parametrize(
    ("can", "offered"),
    [
        ({}, set()),
        ({"can_remix": True}, {"remix"}),
        ({"can_edit": True}, {"edit"}),
        ({"can_extend": True}, {"extend"}),
        ({"takes_reference": True}, {"extend"}),
        ({"can_characters": True}, {"character_from"}),
    ],
)
def test_a_button_for_what_cannot_be_done_is_not_there(as_alice, alice, can, offered):
    backend = BackendFactory(**{"takes_reference": False, **can})
    backend.models.set(VideoModel.objects.all())
    video = VideoFactory(owner=alice, state=State.COMPLETED, backend=backend)
    assert links(page_of(as_alice, video), video) == offered


def test_another_like_this_has_all_settings_in_the_form(as_alice, alice):
    video = VideoFactory(
        owner=alice,
        model="sora-2-pro",
        seconds=12,
        size="1024x1792",
        prompt="Tall",
        state=State.FAILED,
        reference_fit=Fit.PAD,
    )
    ada = Character.objects.create(owner=alice, name="Ada", backend=video.backend, backend_character_id="c")
    video.characters.add(ada)
    url = f"{STUDIO}?like={video.public_id}"
    assert f'href="{url}"' in page_of(as_alice, video)
    response = as_alice.get(url)
    chosen = {"prompt": "Tall", "model": "sora-2-pro", "seconds": "12", "size": "1024x1792", "takes": "1"}
    assert response.context["form"].initial == chosen | {"characters": [ada.public_id], "fit": "pad"}
    assert "data-fresh" not in response.content.decode(), "a draft must not come over it"
    assert Video.objects.count() == 1


def test_another_like_this_takes_what_is_still_offered(as_alice, alice):
    video = VideoFactory(owner=alice, model="gone", seconds=99, size="1x1", prompt="Old")
    form = as_alice.get(STUDIO, {"like": video.public_id}).context["form"]
    chosen = {"prompt": "Old", "model": "sora-2", "seconds": "4", "size": "1280x720", "takes": "1"}
    assert form.initial == chosen | {"characters": [], "fit": "crop"}


@pytest.mark.parametrize("whose", ["bob", "deleted", "x", "\x00", "video_" + "z" * 500])
def test_another_like_what_is_not_ones_own_changes_nothing(as_alice, alice, bob, whose):
    secret = VideoFactory(owner=bob, prompt="A secret launch")
    deleted = VideoFactory(owner=alice, prompt="A secret launch", deleted_at=timezone.now())
    like = {"bob": secret.public_id, "deleted": deleted.public_id}.get(whose, whose)
    response = as_alice.get(STUDIO, {"like": like})
    assert response.status_code == 200
    assert response.context["form"].initial["prompt"] == ""
    assert "secret" not in response.content.decode()


# --- Where it comes from -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("kind", "words"),
    [(Kind.REMIX, "Remix of"), (Kind.EDIT, "Edit of"), (Kind.EXTEND, "Extension of")],
)
def test_it_names_its_source_and_the_source_names_it(as_alice, source, kind, words):
    video = derived(source, kind, prompt="The second boat")
    page = page_of(as_alice, video)
    assert words in page
    assert f'class="kin" href="{source.get_absolute_url()}"' in page
    assert reverse("videos:poster", args=[source.public_id]) in page
    assert "The first of all boats" in page
    assert "Made from this" not in page

    page = page_of(as_alice, source)
    assert "Made from this" in page
    assert f'class="kin" href="{video.get_absolute_url()}"' in page
    assert f"{video.get_kind_display()}, " in page
    assert " of</h2>" not in page


@pytest.mark.parametrize("how", ["row gone", "in the trash", "of another owner"])
def test_a_source_that_is_gone_leaves_only_that(as_alice, bob, source, how):
    video = derived(source)
    if how == "row gone":
        source.delete()
    elif how == "in the trash":
        Video.objects.filter(pk=source.pk).update(deleted_at=timezone.now())
    else:
        Video.objects.filter(pk=source.pk).update(owner=bob)
    page = page_of(as_alice, video)
    assert "a video deleted since" in page
    assert "The first of all boats" not in page
    assert source.public_id not in page


def test_what_others_made_or_was_deleted_is_not_told(as_alice, bob, source):
    derived(source, owner=bob, prompt="A secret launch")
    derived(source, prompt="A secret launch", deleted_at=timezone.now())
    page = page_of(as_alice, source)
    assert "secret" not in page
    assert "Made from this" not in page


def test_a_large_family_is_cut_and_says_so(as_alice, source):
    for _ in range(FAMILY):
        derived(source)
    assert "These are the newest" not in page_of(as_alice, source)
    derived(source)
    page = page_of(as_alice, source)
    assert page.count('class="kin"') == FAMILY
    assert "These are the newest 24" in page


def test_it_needs_as_many_queries_for_one_as_for_many(as_alice, source, django_assert_num_queries):
    derived(source, state=State.COMPLETED)
    with django_assert_num_queries(11) as few:
        page_of(as_alice, source)
    for number in range(15):
        derived(source, state=State.COMPLETED)
        source.characters.add(
            Character.objects.create(owner=source.owner, backend=source.backend, name=f"C{number}")
        )
    with django_assert_num_queries(len(few)):
        page_of(as_alice, source)


# --- Facts -------------------------------------------------------------------------------------------------
def test_an_extension_says_what_it_adds_and_how(as_alice, source):
    itself = deriving.extend(source.owner, source, "On", 8)
    page = page_of(as_alice, itself)
    assert facts(page)["Duration"] == "8 s more, 12 s in all"
    assert facts(page)["Extended"] == "by Simulator itself"
    joined = derived(source, Kind.EXTEND, joins_source=True, source_seconds=4)
    assert facts(page_of(as_alice, joined))["Extended"] == "from the last frame by Simulator, joined here"
    for url in (STUDIO, LIBRARY):
        cards = as_alice.get(url).content.decode()
        assert '<span class="card__kind">Extension</span>' in cards
        assert "<span>8 s more, 12 s in all</span>" in cards


def test_the_card_names_a_kind_only_where_there_is_something_to_name(as_alice, source):
    assert "card__kind" not in as_alice.get(LIBRARY).content.decode()
    derived(source)
    assert as_alice.get(LIBRARY).content.decode().count('<span class="card__kind">Remix</span>') == 1


def test_the_facts_tell_kind_cost_characters_and_fit(as_alice, alice, source):
    image = ReferenceImageFactory(owner=alice)
    video = derived(source, price=Decimal("1.2500"), reference=image, reference_fit=Fit.PAD)
    for name in ("Mara", "<b>Old</b>"):
        video.characters.add(Character.objects.create(owner=alice, backend=video.backend, name=name))
    told = facts(page_of(as_alice, video))
    assert told["Kind"] == "Remix"
    assert told["Cost"].startswith("$1.25 ")
    assert "the simulator is free" in told["Cost"]
    assert set(told["Characters"].split(", ")) == {"Mara", "&lt;b&gt;Old&lt;/b&gt;"}
    assert "padded to fit" in told["Reference"]


def test_what_is_not_known_is_not_told(as_alice, alice):
    told = facts(page_of(as_alice, VideoFactory(owner=alice, reference=ReferenceImageFactory(owner=alice))))
    assert told["Kind"] == "Created"
    assert "cropped to fit" in told["Reference"]
    assert not {"Cost", "Characters", "Extended"} & set(told)
