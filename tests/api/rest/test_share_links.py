"""Share links over the REST API."""

import pytest
from django.test import Client

from accounts.models import Role
from tests.api.rest.conftest import client_of
from tests.factories import VideoFactory
from videos.models import Collection, CollectionItem, ShareLink, State

pytestmark = pytest.mark.django_db
ALL = "/api/v1/share_links"
JSON = "application/json"


@pytest.fixture
def video(finished):
    return finished()


@pytest.fixture
def url(video) -> str:
    return f"/api/v1/videos/{video.public_id}/share_links"


def test_a_program_makes_a_link_that_opens(program, client, url, video):
    response = program.post(url, {"days": 7, "title": "Cut 2", "shows_prompt": True}, content_type=JSON)
    link = response.json()
    assert response.status_code == 200
    assert (link["video"], link["collection"], link["title"]) == (video.public_id, None, "Cut 2")
    assert (link["status"], link["problem"], link["has_password"]) == ("active", None, False)
    assert link["expires_at"] - link["created_at"] in range(7 * 86_400 - 2, 7 * 86_400 + 2)
    assert client.get(link["url"]).status_code == 200


def test_all_of_it_may_be_left_out(program, url):
    link = program.post(url, {}, content_type=JSON).json()
    assert link["expires_at"] - link["created_at"] in range(30 * 86_400 - 2, 30 * 86_400 + 2)
    assert (link["shows_prompt"], link["allows_download"], link["allows_comments"]) == (False, False, False)


def test_it_lists_those_of_a_video_and_all(program, url, finished):
    other = finished()
    made = [program.post(url, {}, content_type=JSON).json()["id"] for _ in range(2)]
    program.post(f"/api/v1/videos/{other.public_id}/share_links", {}, content_type=JSON)
    assert [each["id"] for each in program.get(url).json()["data"]] == made[::-1]
    first = program.get(ALL, {"limit": 2}).json()
    assert (len(first["data"]), first["has_more"]) == (2, True)
    rest = program.get(ALL, {"after": first["next"]}).json()
    assert ([each["id"] for each in rest["data"]], rest["next"]) == ([made[0]], None)


def test_head_is_answered(program, url):
    assert [program.head(each).status_code for each in (url, ALL)] == [200, 200]


def test_it_shares_a_collection(program, client, alice, video):
    collection = Collection.objects.create(owner=alice, name="Autumn spot")
    CollectionItem.objects.create(collection=collection, video=video)
    url = f"/api/v1/collections/{collection.public_id}/share_links"
    link = program.post(url, {"allows_download": True}, content_type=JSON).json()
    assert (link["video"], link["collection"]) == (None, collection.public_id)
    assert "Autumn spot" in client.get(link["url"]).content.decode()
    assert len(program.get(url).json()["data"]) == 1


def test_it_revokes(program, client, url):
    link = program.post(url, {}, content_type=JSON).json()
    for _ in range(2):
        revoked = program.delete(f"{ALL}/{link['id']}").json()
        assert (revoked["status"], revoked["url"]) == ("revoked", None)
        assert revoked["revoked_at"]
    assert client.get(link["url"]).status_code == 410


def test_a_read_token_only_lists(reader, program, url):
    link = program.post(url, {}, content_type=JSON).json()
    assert reader.get(ALL).json()["data"][0]["id"] == link["id"]
    assert reader.post(url, {}, content_type=JSON).status_code == 403
    assert reader.delete(f"{ALL}/{link['id']}").status_code == 403
    assert ShareLink.objects.active().count() == 1


def test_a_viewer_makes_none(program, alice, url):
    alice.role = Role.VIEWER
    alice.save()
    response = program.post(url, {}, content_type=JSON)
    assert (response.status_code, response.json()["error"]["code"]) == (403, "insufficient_role")


def test_strangers_find_nothing(strangers, program, alice, url):
    collection = Collection.objects.create(owner=alice, name="Autumn spot")
    link = program.post(url, {}, content_type=JSON).json()
    for stranger in strangers:
        for address in (url, f"/api/v1/collections/{collection.public_id}/share_links"):
            assert stranger.get(address).status_code == 404
            assert stranger.post(address, {}, content_type=JSON).status_code == 404
        assert stranger.delete(f"{ALL}/{link['id']}").status_code == 404
        assert stranger.get(ALL).json()["data"] == []
        assert stranger.get(ALL, {"after": link["id"]}).status_code == 404
    assert Client().get(ALL).status_code == 401


@pytest.mark.every_value
@pytest.mark.parametrize(
    ("sent", "param"),
    [
        *(({"days": 0}, "days"), ({"days": 366}, "days"), ({"days": "soon"}, "days")),
        *(({"days": 10**30}, "days"), ({"never_expires": True}, "days")),
        ({"never_expires": True, "days": 3}, "days"),
        *(({"password": "short"}, "password"), ({"password": "\ud800" * 8}, "password")),
        *(({"title": "x" * 121}, "title"), ({"title": "\x00"}, "title"), ({"title": 7}, "title")),
        ({"shows_prompt": "perhaps"}, "shows_prompt"),
    ],
)
def test_what_makes_no_sense_is_named(program, url, sent, param):
    response = program.post(url, sent, content_type=JSON)
    assert (response.status_code, response.json()["error"]["param"]) == (422, param)
    assert not ShareLink.objects.exists()


def test_a_field_that_means_nothing_is_refused(program, url):
    response = program.post(url, {"expires": 3}, content_type=JSON)
    assert (response.status_code, response.json()["error"]["param"]) == (400, "expires")


def test_only_a_finished_video_is_shared(program, alice):
    video = VideoFactory(owner=alice, state=State.QUEUED)
    response = program.post(f"/api/v1/videos/{video.public_id}/share_links", {}, content_type=JSON)
    assert (response.status_code, response.json()["error"]["code"]) == (409, "not_shareable")


def test_none_is_made_where_links_are_switched_off(program, url, settings):
    link = program.post(url, {}, content_type=JSON).json()
    settings.SHARE_LINKS = False
    assert program.post(url, {}, content_type=JSON).json()["error"]["code"] == "not_shareable"
    assert program.get(f"{ALL}").json()["data"][0]["problem"] == "Share links are switched off."
    assert link["problem"] is None


def test_a_manager_finds_no_more_than_anybody(bob, program, url):
    bob.role = Role.MANAGER
    bob.save()
    program.post(url, {}, content_type=JSON)
    assert client_of(bob).get(ALL).json()["data"] == []


def test_pages_take_as_many_queries_for_one_as_for_many(program, url, django_assert_num_queries):
    program.post(url, {}, content_type=JSON)
    program.get(ALL)
    with django_assert_num_queries(2):
        program.get(ALL)
    for _ in range(5):
        program.post(url, {}, content_type=JSON)
    with django_assert_num_queries(2):
        program.get(ALL)
