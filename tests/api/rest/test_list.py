import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from tests.api.rest.conftest import URL, refused
from tests.factories import VideoFactory
from videos.models import Character, State, Video

pytestmark = pytest.mark.django_db


def ids(program: Client, **query: object) -> list[str]:
    response = program.get(URL, query)
    assert response.status_code == 200, response.content
    return [each["id"] for each in response.json()["data"]]


def test_it_lists_ones_own_newest_first(program: Client, alice: User, bob: User):
    mine = [VideoFactory(owner=alice).public_id for _ in range(3)]
    VideoFactory(owner=bob)
    VideoFactory(owner=alice, state=State.CANCELED, deleted_at=timezone.now())
    assert ids(program) == mine[::-1]
    assert ids(program, order="asc") == mine


def test_nothing_is_an_empty_list(program: Client):
    assert program.get(URL).json() == {"object": "list", "data": [], "has_more": False, "next": None}


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("limit", [1, 2, 5, 6])
def test_page_by_page_each_comes_once(program: Client, alice: User, order, limit):
    VideoFactory.create_batch(5, owner=alice)
    seen: list[str] = []
    after: str | None = ""
    while after is not None:
        page = program.get(URL, {"limit": limit, "order": order, "after": after}).json()
        seen += [each["id"] for each in page["data"]]
        assert len(page["data"]) <= limit
        assert page["has_more"] == (page["next"] is not None)
        VideoFactory(owner=alice) if order == "desc" and len(seen) < 3 else None  # does not disturb
        after = page["next"]
    rows = Video.objects.order_by("pk").values_list("public_id", flat=True)[:5]
    assert seen == (list(rows) if order == "asc" else list(rows)[::-1])


def test_a_deleted_video_still_marks_its_place(program: Client, alice: User):
    videos = VideoFactory.create_batch(3, owner=alice)
    Video.objects.filter(pk=videos[1].pk).update(deleted_at=timezone.now())
    assert ids(program, after=videos[1].public_id) == [videos[0].public_id]


def test_a_place_must_be_ones_own(program: Client, bob: User):
    theirs = VideoFactory(owner=bob).public_id
    for after in (theirs, "video_nobody"):
        refused(program.get(URL, {"after": after}), 404, param="after")


def test_the_filters_hold_together(program: Client, alice: User):
    wanted = VideoFactory(owner=alice, model="sora-2-pro", prompt="A red BOAT", state=State.SUBMITTING)
    VideoFactory(owner=alice, model="sora-2-pro", prompt="A red boat", state=State.FAILED)
    VideoFactory(owner=alice, model="sora-2", prompt="A red boat")
    VideoFactory(owner=alice, model="sora-2-pro", prompt="A red car")
    assert ids(program, status="queued", model="sora-2-pro", q="boat") == [wanted.public_id]
    assert ids(program, q="100%") == ids(program, q="\x00") == ids(program, model="\x00") == []


@pytest.mark.parametrize(
    ("status", "states"),
    [
        ("queued", {State.QUEUED, State.SUBMITTING, State.UNCERTAIN}),
        ("in_progress", {State.IN_PROGRESS, State.STORING}),
        ("completed", {State.COMPLETED}),
        ("failed", {State.FAILED}),
        ("canceled", {State.CANCELED}),
    ],
)
def test_every_status_can_be_asked_for(program: Client, alice: User, status, states):
    made = {VideoFactory(owner=alice, state=state).public_id: state for state in State}
    assert {made[public_id] for public_id in ids(program, status=status)} == states


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit", "0"),
        ("limit", "101"),
        ("limit", "many"),
        ("order", "random"),
        ("status", "done"),
        ("after", "a b"),
        ("after", "\x00"),
        ("q", "x" * 201),
        ("model", "x" * 101),
    ],
)
def test_what_is_wrong_is_told_with_its_field(program: Client, name, value):
    refused(program.get(URL, {name: value}), 422, param=name)


def test_it_asks_as_much_for_a_hundred_as_for_one(
    program: Client, alice: User, simulator, django_assert_num_queries
):
    def fill(count: int) -> None:
        for video in VideoFactory.create_batch(count, owner=alice, backend=simulator):
            video.characters.set(Character.objects.all())

    Character.objects.create(owner=alice, backend=simulator, name="Ada")
    fill(1)
    program.get(URL)
    with django_assert_num_queries(4):  # the token, the videos, their characters and references
        program.get(URL)
    fill(99)
    with django_assert_num_queries(4):
        assert len(ids(program, limit=100)) == 100
