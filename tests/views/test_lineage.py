"""What a video's page and its card tell of what it was made from, and of what can be made of it."""

import re
from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from tests.factories import BackendFactory, ReferenceImageFactory, VideoFactory
from videos.models import Backend, Character, Fit, Kind, State, Video, VideoModel
from videos.services.derivations import extend_video
from videos.services.library import add_tag
from videos.views.lineage import MAX_ANCESTORS, MAX_DRAWN, LineageNode

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
    rows = page.partition('<dl class="metadata__list">')[2].partition("</dl>")[0].split("<dt>")[1:]
    pairs = (row.partition("</dt>") for row in rows)
    return {name: value.removeprefix("<dd>").partition("</dd>")[0] for name, _, value in pairs}


# --- What can be made of it --------------------------------------------------------------------------------
def links(page: str, video: Video) -> set[str]:
    names = ("remix", "edit", "extend", "character_from_video")
    return {name for name in names if f'"{reverse(f"videos:{name}", args=[video.public_id])}"' in page}


def test_everything_is_offered_where_everything_is_possible(as_alice, source):
    assert links(page_of(as_alice, source), source) == {"remix", "edit", "extend", "character_from_video"}


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
        ({"can_characters": True}, {"character_from_video"}),
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
    kept = {"characters": [ada.public_id], "fit": "pad", "parameters": {}, "references": []}
    assert response.context["composer"].form.initial == chosen | kept
    assert "data-fresh" not in response.content.decode(), "a draft must not come over it"
    assert Video.objects.count() == 1


def test_another_like_this_takes_what_is_still_offered(as_alice, alice):
    video = VideoFactory(owner=alice, model="gone", seconds=99, size="1x1", prompt="Old")
    form = as_alice.get(STUDIO, {"like": video.public_id}).context["form"]
    chosen = {"prompt": "Old", "model": "sora-2", "seconds": "12", "size": "1024x1792", "takes": "1"}
    kept = {"characters": [], "fit": "crop", "parameters": {}, "references": []}
    assert form.initial == chosen | kept, "the nearest of what there is"


@pytest.mark.parametrize("whose", ["bob", "deleted", "x", "\x00", "video_" + "z" * 500])
def test_another_like_what_is_not_ones_own_changes_nothing(as_alice, alice, bob, whose):
    secret = VideoFactory(owner=bob, prompt="A secret launch")
    deleted = VideoFactory(owner=alice, prompt="A secret launch", deleted_at=timezone.now())
    like = {"bob": secret.public_id, "deleted": deleted.public_id}.get(whose, whose)
    response = as_alice.get(STUDIO, {"like": like})
    assert response.status_code == 200
    assert response.context["composer"].form.initial["prompt"] == ""
    assert "secret" not in response.content.decode()


# --- The tree ----------------------------------------------------------------------------------------------
def lines(client, video: Video) -> list[str]:
    """The nodes of the tree: the prompt, or what stands in its place, each with the generation it is in."""

    def walk(node: LineageNode, depth: int) -> Iterator[str]:
        hidden = f"{node.hidden_count} more" if node.hidden_count else "gone"
        yield f"{depth} {node.video.prompt if node.video else hidden}"
        for child in node.children:
            assert child.parent is node
            yield from walk(child, depth + 1)

    root = client.get(video.get_absolute_url()).context["lineage"]
    return list(walk(root, 0)) if root else []


def test_all_relatives_stand_in_one_tree_whichever_is_shown(as_alice, source):
    snow = derived(source, prompt="snow")
    red = derived(source, Kind.EDIT, prompt="red")
    deep = derived(snow, Kind.EXTEND, prompt="deep snow")
    expected = ["0 The first of all boats", "1 snow", "2 deep snow", "1 red"]
    for video in (source, snow, red, deep):
        assert lines(as_alice, video) == expected
        page = page_of(as_alice, video)
        shown = page.partition('aria-current="page">')[0].rpartition("<a ")[2]
        assert video.get_absolute_url() in shown
        assert page.count('class="lineage__node"') == 4
    assert reverse("videos:poster", args=[source.public_id]) in page
    assert f'<a class="lineage__node" href="{source.get_absolute_url()}">' in page


def test_the_lists_are_nested_and_whole(as_alice, source):
    first = derived(source)
    derived(derived(first))
    derived(source)
    tree = page_of(as_alice, source).partition('<ul class="lineage">')[2].partition("</section>")[0]
    assert re.sub(r"<a.*?</a>|\s", "", tree, flags=re.DOTALL) == (
        "<li><ul><li><ul><li><ul><li></li></ul></li></ul></li><li></li></ul></li></ul>"
    )


def test_each_says_what_changed_against_its_source(as_alice, source):
    changed = derived(source, prompt="The first of all <b>kites</b>", state=State.FAILED)
    derived(changed, Kind.EXTEND, prompt=changed.prompt)
    derived(source, prompt="Something quite different")
    page = page_of(as_alice, source)
    assert "<del>boats</del> <ins>&lt;b&gt;kites&lt;/b&gt;</ins>" in page
    assert "Remix, 4 s, failed" in page
    assert "Same prompt" in page
    assert "Remix, new prompt, 4 s, queued" in page
    assert page.count("<ins>") == 1


def test_one_that_is_alone_has_no_tree(as_alice, source):
    derived(source, prompt="A secret launch", deleted_at=timezone.now())
    assert lines(as_alice, source) == []
    page = page_of(as_alice, source)
    assert 'class="lineage"' not in page
    assert "secret" not in page


@pytest.mark.parametrize("how", ["row gone", "deleted", "of another owner"])
def test_a_source_that_is_gone_leaves_only_that(as_alice, bob, source, how):
    video = derived(source)
    if how == "row gone":
        source.delete()
    elif how == "deleted":
        Video.objects.filter(pk=source.pk).update(deleted_at=timezone.now())
    else:
        Video.objects.filter(pk=source.pk).update(owner=bob)
    assert lines(as_alice, video) == ["0 gone", f"1 {video.prompt}"]
    page = page_of(as_alice, video)
    assert "Deleted video" in page
    assert "The first of all boats" not in page
    assert source.public_id not in page


def test_a_deleted_one_still_joins_its_relatives(as_alice, source):
    gone = derived(source, prompt="A secret launch", deleted_at=timezone.now())
    left, right = derived(gone, prompt="left"), derived(gone, prompt="right")
    derived(left, prompt="A secret leaf", deleted_at=timezone.now())
    assert lines(as_alice, right) == ["0 The first of all boats", "1 gone", "2 left", "2 right"]
    page = page_of(as_alice, right)
    assert "secret" not in page
    assert gone.public_id not in page
    Video.objects.filter(pk=source.pk).update(deleted_at=timezone.now())
    assert lines(as_alice, right) == ["0 gone", "1 left", "1 right"]


def test_what_is_in_the_trash_can_be_had_back_so_it_is_there(as_alice, source):
    derived(source, prompt="thrown", trashed_at=timezone.now(), state=State.COMPLETED)
    assert "Remix, new prompt, 4 s, in the trash" in page_of(as_alice, source)


def test_strangers_are_never_in_the_tree(as_alice, as_bob, bob, source):
    theirs = derived(source, owner=bob, prompt="A secret launch")
    derived(theirs, prompt="The source of mine is theirs", owner=source.owner)
    mine = derived(source, prompt="mine")
    assert lines(as_alice, mine) == ["0 The first of all boats", "1 mine"]
    assert lines(as_bob, theirs) == ["0 gone", "1 A secret launch"]
    page = page_of(as_alice, source)
    assert "secret" not in page
    assert theirs.public_id not in page


def test_a_large_family_is_cut_where_it_is_far_and_says_so(as_alice, source):
    videos = [derived(source, prompt=f"number {number}") for number in range(MAX_DRAWN + 9)]
    oldest = derived(videos[0], prompt="of the oldest")

    drawn = lines(as_alice, source)
    assert drawn[1:] == [f"1 number {number}" for number in range(10, MAX_DRAWN + 9)] + ["1 11 more"]
    assert "11 more in the <a" in page_of(as_alice, source)

    drawn = lines(as_alice, oldest)
    assert drawn[:4] == ["0 The first of all boats", "1 number 0", "2 of the oldest", "1 number 12"]
    assert drawn[-1] == "1 11 more"
    assert len(drawn) == MAX_DRAWN + 1
    assert f'11 more on <a href="{source.get_absolute_url()}">' in page_of(as_alice, oldest)


def test_a_long_line_is_cut_above_and_below(as_alice, source):
    line = [source]
    for number in range(MAX_ANCESTORS + MAX_DRAWN):
        line.append(derived(line[-1], prompt=f"number {number}"))
    page = page_of(as_alice, line[MAX_ANCESTORS + 1])
    assert "Earlier versions are on the next video" in page
    assert "deleted since" not in page
    assert "The first of all boats" not in page
    assert f"{len(line) - 1 - MAX_DRAWN} more" in page
    assert "Earlier versions" not in page_of(as_alice, line[MAX_ANCESTORS])


def test_a_circle_that_cannot_be_ends_all_the_same(as_alice, source):
    other = derived(source)
    Video.objects.filter(pk=source.pk).update(source=other, remixed_from=other.public_id)
    assert page_of(as_alice, source).count('class="lineage__node"') == 2


def test_it_needs_as_many_queries_for_two_as_for_thirty(as_alice, source, django_assert_num_queries):
    derived(source, state=State.COMPLETED)
    page_of(as_alice, source)
    with django_assert_num_queries(25) as few:  # one of them for its transitions
        page_of(as_alice, source)
    branch = source
    for number in range(28):
        made = derived(branch, state=State.COMPLETED)
        branch = made if number % 5 == 0 else branch
        source.characters.add(
            Character.objects.create(owner=source.owner, backend=source.backend, name=f"C{number}")
        )
        add_tag(source.owner, [source], f"tag {number}")
    with django_assert_num_queries(len(few)):
        assert page_of(as_alice, source).count('class="lineage__node"') == 30


# --- Facts -------------------------------------------------------------------------------------------------
def test_an_extension_says_what_it_adds_and_how(as_alice, source):
    itself = extend_video(source.owner, source, "On", 8)
    page = page_of(as_alice, itself)
    assert facts(page)["Duration"] == "+8 s, 12 s total"
    assert facts(page)["Extended by"] == "Simulator"
    joined = derived(source, Kind.EXTEND, concat_with_source=True, source_seconds=4)
    assert "from the last frame, joined by the studio" in facts(page_of(as_alice, joined))["Extended by"]
    for url in (STUDIO, LIBRARY):
        cards = as_alice.get(url).content.decode()
        assert '<span class="card__kind">Extension</span>' in cards
        assert "<span>+8 s, 12 s total</span>" in cards


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
    assert told["Type"] == "Remix"
    assert told["Cost"].startswith("$1.25 ")
    assert "the simulator is free" in told["Cost"]
    assert set(told["Characters"].split(", ")) == {"Mara", "&lt;b&gt;Old&lt;/b&gt;"}
    assert "padded to fit" in told["First frame"]


def test_what_is_not_known_is_not_told(as_alice, alice):
    told = facts(page_of(as_alice, VideoFactory(owner=alice, reference=ReferenceImageFactory(owner=alice))))
    assert told["Type"] == "Created"
    assert "cropped to fit" in told["First frame"]
    assert not {"Cost", "Characters", "Extended by"} & set(told)
