"""What is done with collections, links, comments, approvals, batches and webhooks is in the audit log."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Role, User
from audit.models import Entry
from audit.vocabulary import Action, Door, Kind
from tests.approvals.conftest import ask
from tests.batches.conftest import Save
from tests.billing.money import dollars
from tests.collections.conftest import Make
from tests.factories import VideoFactory
from videos.engine import waiting_requests
from videos.models import ApprovalRequest, Backend, Collection, ShareComment, State, Video
from videos.services import approvals, batch_work, batches, share_links
from videos.services.share_links import LinkOptions, create_link
from webhooks import endpoints
from webhooks.models import Delivery, DeliveryState, Message

pytestmark = pytest.mark.django_db


@pytest.fixture
def video(alice: User) -> Video:
    return VideoFactory(owner=alice, state=State.COMPLETED, prompt="A secret launch")


@pytest.fixture
def mary(bob: User) -> User:
    User.objects.filter(pk=bob.pk).update(role=Role.MANAGER)
    bob.refresh_from_db()
    return bob


def _told(kind: Kind) -> list[tuple[str, str]]:
    """Return what was done to things of a kind, and the note of each, in order."""
    return list(Entry.objects.filter(kind=kind).order_by("pk").values_list("action", "note"))


def _post(client: Client, view: str, pk: str, **data: str) -> None:
    assert client.post(reverse(f"videos:{view}", args=[pk]), data).status_code == 302


# --- Collections -------------------------------------------------------------------------------------------


def test_a_collection_from_creation_to_restoring(as_alice: Client, alice: User):
    form = {"name": "Spring", "visibility": "private"}
    as_alice.post(reverse("videos:collection_new"), form)
    made = Collection.objects.get()
    _post(as_alice, "collection_edit", made.public_id, name="Summer", visibility="team")
    _post(as_alice, "collection_edit", made.public_id, name="Summer", visibility="team")  # changes nothing
    _post(as_alice, "collection_delete", made.public_id)
    _post(as_alice, "collection_restore", made.public_id)

    entries = Entry.objects.filter(kind=Kind.COLLECTION).order_by("pk")
    assert [each.action for each in entries] == ["created", "changed", "deleted", "restored"]
    assert entries[1].changes == {"name": ["Spring", "Summer"], "visibility": ["private", "team"]}
    assert (entries[1].object_id, entries[1].label) == (made.public_id, "Summer")
    assert {(each.username, each.door, each.owner_id) for each in entries} == {("alice", "page", alice.pk)}


def test_who_sees_it_in_which_role(as_alice: Client, as_bob: Client, bob: User, make_collection: Make):
    made = make_collection()
    for role in ("viewer", "viewer", "editor"):
        _post(as_alice, "collection_people", made.public_id, username="bob", role=role)
    _post(as_alice, "collection_person_remove", made.public_id, username="bob")
    _post(as_alice, "collection_person_remove", made.public_id, username="bob")
    _post(as_alice, "collection_people", made.public_id, username="bob", role="viewer")
    _post(as_bob, "collection_leave", made.public_id)
    _post(as_alice, "collection_hand_over", made.public_id, username="bob")
    assert _told(Kind.COLLECTION) == [
        ("shared", "With bob as viewer."),
        ("shared", "With bob as editor."),
        ("unshared", "With bob."),
        ("shared", "With bob as viewer."),
        ("unshared", "With bob."),
        ("handed_over", "From alice to bob."),
    ]


def test_which_videos_come_and_go(as_alice: Client, alice: User, video: Video, make_collection: Make):
    made = make_collection()
    for _ in range(2):
        _post(as_alice, "collect", video.public_id, collection_name="Spring")
    _post(as_alice, "uncollect", video.public_id, collection=made.public_id)
    note = f"“Spring”, {made.public_id}."
    assert _told(Kind.VIDEO) == [("added", note), ("taken_out", note)]
    assert set(Entry.objects.values_list("object_id", "owner_id")) == {(video.public_id, alice.pk)}


# --- Share links and comments ------------------------------------------------------------------------------


def test_a_link_with_its_switches_and_without_its_secrets(alice: User, video: Video, make_collection: Make):
    options = LinkOptions(shows_prompt=True, allows_download=True)
    link = create_link(alice, video, options, days=3, password="open sesame")
    share_links.change_link(link, LinkOptions(shows_prompt=True))
    share_links.change_link(link, LinkOptions(shows_prompt=True))
    create_link(alice, make_collection(), LinkOptions(), days=3)
    share_links.revoke_links(share_links.visible_links(alice, team=False))

    made, changed, other, *revoked = Entry.objects.filter(kind=Kind.SHARE_LINK).order_by("pk")
    assert (made.action, made.object_id, made.label) == ("created", link.public_id, f"To {video.public_id}")
    assert made.note.startswith("shows the prompt; allows downloads; asks for a password; expires 2")
    assert (changed.action, changed.changes) == ("changed", {"allows_download": [True, False]})
    assert other.label == "To the collection “Spring”"
    assert [each.action for each in revoked] == ["revoked", "revoked"]
    text = str(list(Entry.objects.values()))
    for hidden in (link.secret, link.digest, link.password, "sesame", video.prompt):
        assert hidden not in text


def test_a_manager_revokes_anothers_link(alice: User, video: Video, mary: User, as_bob: Client):
    link = create_link(alice, video, LinkOptions(), days=3)
    _post(as_bob, "share_link_revoke", link.public_id)
    entry = Entry.objects.get(action=Action.REVOKED)
    assert (entry.username, entry.owner_id) == ("bob", alice.pk)


def test_a_deleted_comment(as_alice: Client, alice: User, video: Video):
    link = create_link(alice, video, LinkOptions(allows_comments=True), days=3)
    comment = ShareComment.objects.create(link=link, video=video, name="Zoe", text="A secret")
    as_alice.post(reverse("videos:comment_delete", args=[comment.pk]))
    entry = Entry.objects.get(kind=Kind.COMMENT)
    assert (entry.action, entry.label) == ("deleted", f"By Zoe on {video.public_id}")
    assert "secret" not in str(entry.note + entry.label)


# --- Approvals ---------------------------------------------------------------------------------------------


@pytest.fixture
def limit(paid: Backend, settings) -> None:
    settings.APPROVE_PRICE_ABOVE = dollars("0.30")


@pytest.mark.parametrize(
    ("end", "told"),
    [
        (lambda row, mary: approvals.approve(row.public_id, mary, "Go on"), ("approved", "Go on")),
        (lambda row, mary: approvals.decline(row.public_id, mary, "Too long"), ("declined", "Too long")),
        (lambda row, _: approvals.withdraw(row), ("withdrawn", "")),
        (
            lambda row, _: waiting_requests.end_all_of(None, row.owner),
            ("withdrawn", waiting_requests.DEACTIVATED),
        ),
    ],
)
def test_a_request_is_asked_for_and_ends(alice: User, mary: User, limit: None, end, told):
    approval = ask(alice)
    end(approval, mary)
    assert _told(Kind.APPROVAL) == [("requested", ""), told]
    entry = Entry.objects.filter(kind=Kind.APPROVAL).first()
    assert (entry.object_id, entry.owner_id) == (approval.public_id, alice.pk)
    assert entry.label == "1 video, sora-2, $0.40"


def test_a_request_that_expires(alice: User, limit: None):
    approval = ask(alice)
    ApprovalRequest.objects.filter(pk=approval.pk).update(expires_at=approval.requested_at)
    waiting_requests.end_expired()
    entry = Entry.objects.get(action=Action.EXPIRED)
    assert (entry.kind, entry.door, entry.username) == ("approval", Door.SYSTEM, "")


# --- Batches -----------------------------------------------------------------------------------------------


def test_a_batch_and_who_made_its_videos(alice: User, save: Save):
    batch = save()
    batches.start_batch(batch)
    for act in (batches.pause_batch, batches.pause_batch, batches.resume_batch):
        act(batch)
    batch_work.step(batch.pk)
    batches.cancel_batch(batch)
    batch_work.advance(batch.pk)
    assert [action for action, _ in _told(Kind.BATCH)] == [
        *("created", "started", "paused", "resumed", "canceled")
    ]
    made = Entry.objects.filter(kind=Kind.VIDEO, action=Action.CREATED)
    assert {(each.username, each.door) for each in made} == {("alice", Door.SYSTEM)}
    assert made.count() == 2


def test_a_batch_is_retried_or_discarded(alice: User, save: Save):
    batch = save()
    batches.start_batch(batch)
    batch_work.step(batch.pk)
    Video.objects.filter(batch=batch).update(state=State.FAILED)
    batch_work.step(batch.pk)
    assert batches.retry_failed(batch)
    unstarted = save("prompt\nA wolf\n")
    assert batches.discard_batch(unstarted)
    assert [action for action, _ in _told(Kind.BATCH)] == [
        *("created", "started", "retried", "created", "deleted")
    ]


# --- Webhooks ----------------------------------------------------------------------------------------------


def test_a_webhook_without_its_secrets(alice: User, hook):
    made = hook("https://hooks.example.org/s3cret?token=t0ken", kinds=["video.completed"])
    endpoints.update(made, url="https://hooks.example.org/0ther", description="Ours")
    secret = endpoints.rotate_secret(made)
    for act in (endpoints.pause, endpoints.pause, endpoints.resume):
        act(made)
    endpoints.delete(made)

    entries = Entry.objects.filter(kind=Kind.WEBHOOK).order_by("pk")
    assert [each.action for each in entries] == [
        *("created", "changed", "changed", "paused", "resumed", "deleted")
    ]
    assert entries[1].changes == {"url": "changed", "description": ["", "Ours"]}
    assert entries[2].changes == {"secret": "changed"}
    assert {each.label for each in entries} == {"hooks.example.org"}
    text = str(list(entries.values()))
    assert not any(hidden in text for hidden in ("s3cret", "t0ken", "0ther", secret))


def test_staff_send_again(as_carol: Client, alice: User, hook):
    made = hook()
    message = Message.objects.create(kind="video.completed", user=alice, body="{}")
    failed = Delivery.objects.create(endpoint=made, message=message, state=DeliveryState.FAILED, due_at=None)
    chosen = {"action": "resend", "_selected_action": str(failed.pk), "index": "0"}
    as_carol.post(reverse("admin:webhooks_delivery_changelist"), chosen)
    entry = Entry.objects.get(action=Action.RESENT)
    assert (entry.username, entry.owner_id, entry.door) == ("carol", alice.pk, Door.ADMIN)
    assert entry.note == "1 of its deliveries."
