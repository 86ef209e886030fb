"""What one is told, and how: the page of the account."""

from accounts.models import User
from contentgen.events import EventKind
from notifications.models import Inbox
from notifications.topics import TOPICS, Channel, Topic
from tests.notifications.conftest import tell

ADDRESS = "/account/notifications/"


def _sent(**changes: str) -> dict[str, str]:
    """What the page sends as it is drawn at first, with `changes`; None takes a box away."""
    boxes = {
        f"{topic}_{channel}": "on"
        for topic, info in TOPICS.items()
        for channel in Channel
        if info.is_on(channel)
    }
    return {name: value for name, value in (boxes | {"long_minutes": "5"} | changes).items() if value}


def test_the_page_shows_what_is_on(as_alice):
    page = as_alice.get(ADDRESS).content.decode()

    assert '<input type="checkbox" name="attention_email" checked>' in page
    assert '<input type="checkbox" name="failed_email">' in page
    assert not Inbox.objects.exists()  # to look changes nothing


def test_a_change_is_kept_and_has_an_effect(as_alice, alice):
    response = as_alice.post(ADDRESS, _sent(failed_inbox="", failed_browser="", failed_email=""))

    assert response.headers["Location"] == ADDRESS
    assert Inbox.objects.get().choices == {"failed": {"inbox": False, "browser": False}}
    assert tell(alice, EventKind.VIDEO_FAILED) is None
    assert '<input type="checkbox" name="failed_inbox">' in as_alice.get(ADDRESS).content.decode()


def test_what_is_switched_back_is_as_at_first(as_alice):
    as_alice.post(ADDRESS, _sent(failed_email="on"))
    as_alice.post(ADDRESS, _sent())

    assert Inbox.objects.get().choices == {}


def test_sound_and_minutes_are_kept(as_alice):
    as_alice.post(ADDRESS, _sent(has_sound="on", long_minutes="30"))

    assert Inbox.objects.values_list("has_sound", "long_minutes").get() == (True, 30)


def test_minutes_out_of_range_are_refused_in_words(as_alice):
    for minutes in ("0", "100000", "-1", "soon", ""):
        response = as_alice.post(ADDRESS, _sent(long_minutes=minutes, failed_inbox=""))
        assert response.status_code == 422
        assert "field-error" in response.content.decode()
        assert '<input type="checkbox" name="failed_inbox">' in response.content.decode()  # kept as typed
    assert Inbox.objects.filter(choices={}).count() == Inbox.objects.count()


def test_nobody_changes_anothers(as_bob, alice):
    Inbox.objects.create(user=alice, long_minutes=7)
    as_bob.post(ADDRESS, _sent(long_minutes="9"))

    assert Inbox.objects.get(user=alice).long_minutes == 7


def test_it_says_when_there_is_no_address(as_alice, alice):
    assert "You have no email address" in as_alice.get(ADDRESS).content.decode()
    User.objects.filter(pk=alice.pk).update(email="alice@example.org")
    assert "Emails go to alice@example.org" in as_alice.get(ADDRESS).content.decode()


def test_it_says_when_the_studio_has_no_mail_server(as_alice, alice, settings):
    User.objects.filter(pk=alice.pk).update(email="alice@example.org")
    settings.PRODUCTION = True
    assert "This studio has no mail server" in as_alice.get(ADDRESS).content.decode()


def test_a_viewer_has_preferences(as_alice, alice):
    User.objects.filter(pk=alice.pk).update(role="viewer")
    assert as_alice.post(ADDRESS, _sent()).status_code == 302


def test_by_default_only_what_waits_for_somebody_is_mailed_at_once():
    mailed = {topic for topic, info in TOPICS.items() if info.email}
    assert mailed == {Topic.DONE, Topic.BATCH, Topic.ATTENTION, Topic.APPROVAL, Topic.BUDGET, Topic.KEEPING}
    assert all(info.inbox for info in TOPICS.values())
