"""All that the studio has of a person, for that person alone, as one ZIP."""

import json
from io import BytesIO
from zipfile import ZipFile

import pytest
from django.core.files.base import ContentFile
from django.db.models import ManyToOneRel
from django.test import Client
from django.urls import reverse

from accounts import invitations, tokens
from accounts.models import Role, User
from notifications.models import Inbox
from tests.factories import ReferenceImageFactory, UserFactory, VideoFactory
from videos.models import (
    Batch,
    BatchRow,
    Collection,
    CollectionMember,
    PromptTemplate,
    State,
    Visibility,
)
from videos.services.share_links import LinkOptions, create_link
from webhooks.models import Endpoint

pytestmark = pytest.mark.django_db
PAGE, DOWNLOAD = reverse("videos:personal_data"), reverse("videos:personal_data_download")

_RIGHTS = "what one may do is in the profile"
_OTHERS = "another person's, which only names this one"

# Every column that names a person: the file in which its rows are, or why they are in none.
EXPORTED = {
    "accounts.ApiToken.user": "api_tokens",
    "accounts.Invitation.invited_by": "invitations",
    "billing.Budget.user": "budgets",
    "notifications.Inbox.user": "notification_preferences",
    "notifications.Notification.user": "notifications",
    "webhooks.Endpoint.owner": "webhooks",
    "videos.ReferenceImage.owner": "references",
    "videos.OwnerQueue.owner": "queue",
    "videos.Batch.owner": "batches",
    "videos.Character.owner": "characters",
    "videos.Tag.owner": "tags",
    "videos.Video.owner": "videos_without_a_file",
    "videos.ApprovalRequest.owner": "approval_requests",
    "videos.PromptTemplate.owner": "templates",
    "videos.Collection.owner": "collections",
    "videos.CollectionMember.person": "shared_collections",
    "videos.ShareLink.owner": "share_links",
    "videos.ShareComment.author": "comments",
    "videos.VideoModel_favourite_of.user": "favourite_models",
    "account.EmailAddress.user": "email_addresses",
    "socialaccount.SocialAccount.user": "connections",
    "usersessions.UserSession.user": "sessions",
}
LEFT_OUT = {
    "accounts.AccountDeletion.user": "a plan of a few days, on the page of the account",
    "accounts.AccountDeletion.heir": _OTHERS,
    "accounts.User_groups.user": _RIGHTS,
    "accounts.User_user_permissions.user": _RIGHTS,
    "accounts.Invitation.accepted_by": _OTHERS,
    "webhooks.Message.user": "the same events as the notifications, as they were sent",
    "videos.ApprovalRequest.decided_by": _OTHERS,
    "videos.CollectionItem.added_by": "the videos say in which collections they are",
    "videos.ConnectionDraft.owner": "a test of a backend that lasts an hour, with a key",
    "videos.IdempotencyRecord.owner": "a program's own keys, kept for a day",
    "videos.DeletedRequest.owner": "what was deleted, kept for as long as its job may turn up",
    "videos.StorageNotice.user": "when the person was last told of storage; the notifications are in it",
    "videos.StudioState.held_by": "the studio's state, which names who held it",
    "admin.LogEntry.user": "the studio's records; the audit log has the same",
    "mfa.Authenticator.user": "secrets and nothing else",
}


def _archive(client: Client) -> ZipFile:
    response = client.get(DOWNLOAD)
    assert response.status_code == 200
    assert "attachment" in response.headers["Content-Disposition"]
    return ZipFile(BytesIO(b"".join(response.streaming_content)))


def _json(archive: ZipFile, name: str):
    return json.loads(archive.read(f"account/{name}.json"))


def test_it_holds_files_and_rows(as_alice: Client, alice: User):
    made = VideoFactory(owner=alice, state=State.COMPLETED, prompt="A paper boat", note="For the client")
    made.file.save("boat.mp4", ContentFile(b"moving pictures"))
    VideoFactory(owner=alice, state=State.FAILED, prompt="A stone boat")
    image = ReferenceImageFactory(owner=alice, name="Lake")
    image.file.save("lake.png", ContentFile(b"a picture"))
    PromptTemplate.objects.create(owner=alice, title="Mine", prompt="A {bird}")

    archive = _archive(as_alice)

    assert archive.testzip() is None
    assert b"moving pictures" in {archive.read(name) for name in archive.namelist()}
    assert archive.read(f"references/{image.public_id}.png") == b"a picture"
    (sidecar,) = [name for name in archive.namelist() if name.endswith(".json") and "/" not in name]
    assert json.loads(archive.read(sidecar))["note"] == "For the client"
    assert _json(archive, "profile")["username"] == "alice"
    assert [each["title"] for each in _json(archive, "templates")] == ["Mine"]
    assert [each["prompt"] for each in _json(archive, "videos_without_a_file")] == ["A stone boat"]
    assert "missing.txt" not in archive.namelist()


def test_no_secret_is_in_it(as_alice: Client, alice: User):
    User.objects.filter(pk=alice.pk).update(role=Role.MANAGER)
    alice.refresh_from_db()
    token, secret = tokens.issue(alice, "CI")
    invitation, link = invitations.issue(alice, role=Role.CREATOR)
    video = VideoFactory(owner=alice, state=State.COMPLETED)
    hook = Endpoint.objects.create(owner=alice, url="https://x.example/", secret="tok1", former_secret="tok2")
    shared = create_link(alice, video, LinkOptions(title="Cut 2"), days=1, password="open sesame")

    archive = _archive(as_alice)

    text = b"".join(archive.read(name) for name in archive.namelist()).decode()
    assert '"CI"' in text
    assert '"Cut 2"' in text
    assert "https://x.example/" in text
    for hidden in (
        *(secret, token.digest, link, invitation.digest, alice.password),
        *(hook.secret, hook.former_secret),
        *(shared.secret, shared.digest, shared.encrypted_secret, shared.password),
    ):
        assert hidden not in text


def test_every_table_about_a_person_is_in_it_or_says_why_not(as_alice: Client):
    names = {name.removeprefix("account/").removesuffix(".json") for name in _archive(as_alice).namelist()}
    columns = {
        str(each.field)
        for each in User._meta.get_fields(include_hidden=True)
        if isinstance(each, ManyToOneRel) and each.auto_created
    }
    assert columns == set(EXPORTED) | set(LEFT_OUT)
    assert not set(EXPORTED) & set(LEFT_OUT)
    assert set(EXPORTED.values()) <= names
    assert all(len(reason) > 10 for reason in LEFT_OUT.values())


def test_collections_batches_and_what_one_wants_to_be_told(as_alice: Client, alice: User, bob: User):
    Collection.objects.create(owner=alice, name="Spring")
    joined = Collection.objects.create(owner=bob, name="Ours", visibility=Visibility.PEOPLE)
    CollectionMember.objects.create(collection=joined, person=alice)
    batch = Batch.objects.create(owner=alice, name="Animals", state="running", row_count=1, estimate="1.5")
    BatchRow.objects.create(batch=batch, number=1, key="fox", request={"prompt": "A fox"}, state="canceled")
    Inbox.objects.create(user=alice, has_sound=True)

    archive = _archive(as_alice)

    assert [each["name"] for each in _json(archive, "collections")] == ["Spring"]
    assert [each["collection__name"] for each in _json(archive, "shared_collections")] == ["Ours"]
    assert _json(archive, "batches")[0]["estimate"] == "1.50"
    assert _json(archive, "batch_rows_without_a_video")[0]["request"] == {"prompt": "A fox"}
    assert _json(archive, "notification_preferences")[0]["has_sound"] is True


def test_nothing_of_others_is_in_it(as_alice: Client, bob: User):
    video = VideoFactory(owner=bob, state=State.COMPLETED, prompt="Bob's boat")
    video.file.save("boat.mp4", ContentFile(b"bob's pictures"))
    ReferenceImageFactory(owner=bob).file.save("bob.png", ContentFile(b"bob's picture"))

    archive = _archive(as_alice)

    text = b"".join(archive.read(name) for name in archive.namelist())
    assert b"bob" not in text.lower()


def test_a_file_that_is_gone_is_listed_and_breaks_nothing(as_alice: Client, alice: User):
    VideoFactory(owner=alice, state=State.COMPLETED, prompt="Gone")
    image = ReferenceImageFactory(owner=alice)
    image.file.name = "references/gone.png"
    image.save()

    missing = _archive(as_alice).read("missing.txt").decode()

    assert f"references/{image.public_id}.png" in missing
    assert "gone.mp4" in missing


def test_the_page_says_what_there_is_and_a_viewer_may_take_it(as_alice: Client, alice: User):
    VideoFactory.create_batch(2, owner=alice, state=State.FAILED)
    User.objects.filter(pk=alice.pk).update(role=Role.VIEWER)
    assert "2 videos" in as_alice.get(PAGE).content.decode()
    assert _archive(as_alice).namelist()


def test_nobody_keeps_the_studio_busy_with_it(as_alice: Client):
    other = Client()
    other.force_login(UserFactory())
    for _ in range(5):
        _archive(as_alice)
    assert as_alice.get(DOWNLOAD).status_code == 429
    assert other.get(DOWNLOAD).status_code == 200
