"""Whoever leaves with one row of every table that knows people: the account goes, either way."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group, Permission
from django.core.files.base import ContentFile
from django.db.models import ManyToOneRel
from django.utils import timezone

from accounts import deletion, invitations, tokens
from accounts.models import AccountDeletion, ApiToken, Invitation, Role, User, WorkChoice
from audit.models import Entry
from audit.vocabulary import Action, Kind
from billing.models import Budget, Scope
from notifications.models import Inbox, Notification
from tests.factories import BackendFactory, ReferenceImageFactory, UserFactory, VideoFactory
from videos.engine import cleanup
from videos.models import (
    ApprovalRequest,
    Batch,
    BatchRow,
    BatchState,
    Character,
    Collection,
    CollectionItem,
    CollectionMember,
    CollectionRole,
    ConnectionDraft,
    DeletedRequest,
    IdempotencyRecord,
    OwnerQueue,
    PromptTemplate,
    RowState,
    ShareComment,
    ShareLink,
    State,
    StorageNotice,
    StudioState,
    Tag,
    Video,
    VideoModel,
    Visibility,
)
from videos.services.share_links import LinkOptions, create_link
from webhooks.models import Endpoint, Message

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def _relations() -> Iterator[str]:
    """Yield every column that names a person, as app.Model.column."""
    for relation in User._meta.get_fields(include_hidden=True):
        if isinstance(relation, ManyToOneRel) and relation.auto_created:
            yield str(relation.field)


class _Belongings:
    """One row of each table for `user`, beside a colleague's."""

    def __init__(self, user: User, colleague: User) -> None:
        self.user, self.colleague, self.bystander = user, colleague, UserFactory()
        self.backend = BackendFactory()
        self.image = ReferenceImageFactory(owner=user)
        self.video: Video = VideoFactory(
            owner=user, backend=self.backend, state=State.COMPLETED, reference=self.image, backend_job_id=""
        )
        self.theirs: Video = VideoFactory(owner=colleague, backend=self.backend, state=State.COMPLETED)
        self.collection = self._collection(user)
        self.joined = self._collection(colleague)
        self.link = create_link(user, self.video, LinkOptions(allows_comments=True), days=3)
        self.their_link = create_link(colleague, self.theirs, LinkOptions(allows_comments=True), days=3)

    def _collection(self, owner: User) -> Collection:
        return Collection.objects.create(owner=owner, name="Spring", visibility=Visibility.PEOPLE)

    def sharing(self) -> None:
        """Put both people's videos into both collections."""
        for collection, other in ((self.collection, self.colleague), (self.joined, self.user)):
            CollectionMember.objects.create(collection=collection, person=other, role=CollectionRole.EDITOR)
            for video in (self.video, self.theirs):
                CollectionItem.objects.create(collection=collection, video=video, added_by=self.user)
        Video.objects.filter(pk=self.theirs.pk).update(made_in=self.collection)
        for link, video in ((self.link, self.video), (self.their_link, self.theirs)):
            ShareComment.objects.create(link=link, video=video, author=self.user, name="alice", text="Nice")

    def batch(self, **fields: object) -> Batch:
        """A batch that is being created: one row is a video, one is still waiting."""
        known = {"state": BatchState.CREATING, "started_at": NOW, "row_count": 2, "estimate": 0}
        batch = Batch.objects.create(owner=self.user, name="Animals", **{**known, **fields})
        batch.file.save("animals.csv", ContentFile(b"prompt"))
        BatchRow.objects.create(
            batch=batch, number=1, key="1", request={}, state=RowState.CREATED, video=self.video
        )
        BatchRow.objects.create(batch=batch, number=2, key="2", request={})
        return batch

    def approval(self) -> ApprovalRequest:
        approval = ApprovalRequest.objects.create(
            owner=self.user,
            kind="create",
            data={},
            prompt="A boat",
            model="sora-2",
            count=1,
            price=1,
            expires_at=NOW + timedelta(days=3),
        )
        approval.images.add(self.image)
        return approval


_Make = Callable[[_Belongings], object]


# How a row comes about by which the column names the person. A new column has to be put down here, and
# `videos.services.account_work` has to know what becomes of it.
MAKE: dict[str, _Make] = {
    "accounts.AccountDeletion.user": lambda own: None,  # by what is tested
    "accounts.AccountDeletion.heir": lambda own: AccountDeletion.objects.create(
        user=own.bystander, work="hand_over", heir=own.user, due_at=NOW + timedelta(days=7)
    ),
    "accounts.ApiToken.user": lambda own: tokens.issue(own.user, "CI"),
    "accounts.User_groups.user": lambda own: own.user.groups.add(Group.objects.create(name="Cutters")),
    "accounts.User_user_permissions.user": lambda own: own.user.user_permissions.add(
        Permission.objects.first()
    ),
    "accounts.Invitation.invited_by": lambda own: invitations.issue(own.user, role=Role.CREATOR),
    "accounts.Invitation.accepted_by": lambda own: Invitation.objects.update(accepted_by=own.user),
    "billing.Budget.user": lambda own: Budget.objects.create(
        scope=Scope.USER, user=own.user, period="month", amount=5
    ),
    "notifications.Inbox.user": lambda own: Inbox.objects.get_or_create(user=own.user),
    "notifications.Notification.user": lambda own: Notification.objects.create(
        user=own.user, kind="video.completed", key="video_1", object_id="video_1", happened_at=NOW
    ),
    "webhooks.Endpoint.owner": lambda own: Endpoint.objects.create(owner=own.user, url="https://x.example/"),
    "webhooks.Message.user": lambda own: Message.objects.create(
        user=own.user, kind="video.completed", body="{}"
    ),
    "videos.ReferenceImage.owner": lambda own: own.image,
    "videos.OwnerQueue.owner": lambda own: OwnerQueue.objects.create(owner=own.user),
    "videos.Batch.owner": lambda own: own.batch(),
    "videos.Character.owner": lambda own: Character.objects.create(
        owner=own.user, name="Mina", backend=own.backend
    ),
    "videos.Tag.owner": lambda own: Tag.objects.create(owner=own.user, name="Rain").videos.add(own.video),
    "videos.Video.owner": lambda own: own.video,
    "videos.ApprovalRequest.owner": lambda own: own.approval(),
    "videos.ApprovalRequest.decided_by": lambda own: ApprovalRequest.objects.update(
        state="declined", decided_by=own.user, decided_at=NOW
    ),
    "videos.PromptTemplate.owner": lambda own: PromptTemplate.objects.create(
        owner=own.user, title="Mine", prompt="A {bird}"
    ),
    "videos.Collection.owner": lambda own: own.collection,
    "videos.CollectionMember.person": lambda own: own.sharing(),
    "videos.CollectionItem.added_by": lambda own: None,  # by sharing
    "videos.ConnectionDraft.owner": lambda own: ConnectionDraft.objects.create(
        owner=own.user, kind="openai", service="openai", name="Mine", base_url="https://x.example/"
    ),
    "videos.IdempotencyRecord.owner": lambda own: IdempotencyRecord.objects.create(
        owner=own.user, key="once", fingerprint="d" * 64
    ),
    "videos.DeletedRequest.owner": lambda own: DeletedRequest.objects.create(
        backend=own.backend, owner=own.user, prompt="A", since=NOW, attempted_at=NOW
    ),
    "videos.ShareLink.owner": lambda own: own.link,
    "videos.ShareComment.author": lambda own: None,  # by sharing
    "videos.StorageNotice.user": lambda own: StorageNotice.objects.create(user=own.user, kind="full"),
    "videos.StudioState.held_by": lambda own: StudioState.objects.update(held_by=own.user),
    "videos.VideoModel_favourite_of.user": lambda own: own.user.favourite_models.add(
        VideoModel.objects.create(name="mine-1", label="Mine", seconds=[4], sizes=["1280x720"])
    ),
    "admin.LogEntry.user": lambda own: LogEntry.objects.log_actions(
        own.user.pk, [own.colleague], CHANGE, change_message="Changed."
    ),
    "account.EmailAddress.user": lambda own: EmailAddress.objects.create(
        user=own.user, email="a@example.org"
    ),
    "mfa.Authenticator.user": lambda own: Authenticator.objects.create(user=own.user, type="totp", data={}),
    "socialaccount.SocialAccount.user": lambda own: SocialAccount.objects.create(
        user=own.user, provider="oidc", uid="7"
    ),
    "usersessions.UserSession.user": lambda own: UserSession.objects.create(
        user=own.user, ip="203.0.113.9", session_key="x", user_agent="Firefox", last_seen_at=NOW
    ),
}


@pytest.fixture
def belongings(alice: User, bob: User) -> _Belongings:
    User.objects.filter(pk=alice.pk).update(role=Role.MANAGER)  # so that she may invite
    alice.refresh_from_db()
    own = _Belongings(alice, bob)
    for make in MAKE.values():
        make(own)
    return own


def _leave(user: User, work: WorkChoice, heir: User | None = None) -> None:
    """Delete the account as its tick does, with all that a backend has to answer for."""
    planned = deletion.schedule(user, work, heir_name=heir.username if heir else "")
    if heir:
        deletion.answer(heir, planned.pk, accept=True)
    AccountDeletion.objects.filter(user=user).update(due_at=NOW - timedelta(seconds=1))
    for _ in range(3):
        deletion.carry_out_due()
        for pk in Video.objects.exclude(deleted_at=None).values_list("pk", flat=True):
            cleanup.clean_up_video(pk)
    problems = AccountDeletion.objects.filter(user=user).values_list("problem", flat=True)
    assert not User.objects.filter(pk=user.pk).exists(), list(problems)


def test_every_column_that_names_a_person_is_considered():
    assert set(_relations()) == set(MAKE)


def test_who_deletes_all_leaves_what_is_others(belongings: _Belongings, alice: User, bob: User):
    _leave(alice, WorkChoice.DELETE)
    for model in (Batch, BatchRow, Character, Tag, ApprovalRequest, ApiToken, Endpoint):
        assert not model._default_manager.exists(), model
    assert not PromptTemplate.objects.exclude(owner=None).exists()
    assert list(Video.objects.all()) == [belongings.theirs]
    assert list(Collection.objects.all()) == [belongings.joined]
    assert [item.video for item in CollectionItem.objects.all()] == [belongings.theirs]
    assert list(ShareLink.objects.all()) == [belongings.their_link]
    assert not ShareComment.objects.exists()  # what she said of others' videos goes with her
    belongings.theirs.refresh_from_db()
    assert belongings.theirs.made_in is None


def test_who_hands_over_leaves_all_to_the_heir(belongings: _Belongings, alice: User, bob: User):
    batch = Batch.objects.get()
    _leave(alice, WorkChoice.HAND_OVER, bob)
    for model in (Video, Collection, Batch, Character, PromptTemplate, Tag, ShareLink):
        assert set(model._default_manager.exclude(owner=None).values_list("owner", flat=True)) == {bob.pk}, (
            model
        )
    assert CollectionItem.objects.count() == 4
    assert not CollectionMember.objects.exists()  # bob owns both by now
    assert ShareComment.objects.count() == 2
    batch.refresh_from_db()
    assert (batch.state, batch.paused_at) == (BatchState.RUNNING, None)
    assert [row.state for row in batch.rows.all()] == [RowState.CREATED, RowState.CANCELED]


def test_links_of_who_left_open_nothing_and_the_log_says_why(belongings: _Belongings, alice: User, bob: User):
    _leave(alice, WorkChoice.HAND_OVER, bob)
    revoked = ShareLink.objects.get(pk=belongings.link.pk)
    assert revoked.status == "revoked"
    assert ShareLink.objects.get(pk=belongings.their_link.pk).status == "active"
    entry = Entry.objects.get(kind=Kind.SHARE_LINK, action=Action.REVOKED)
    assert entry.note == "The account of alice was deleted; bob has the work."
    handed = Entry.objects.filter(action=Action.HANDED_OVER).values_list("kind", flat=True)
    assert set(handed) == {Kind.VIDEO, Kind.COLLECTION, Kind.BATCH}


@pytest.mark.parametrize("work", WorkChoice)
def test_a_batch_that_was_never_started_is_forgotten(alice: User, bob: User, work: WorkChoice):
    own = _Belongings(alice, bob)
    batch = own.batch(state=BatchState.READY, started_at=None)
    stored = batch.file
    _leave(alice, work, bob if work == WorkChoice.HAND_OVER else None)
    assert not Batch.objects.exists()
    assert stored.name


def test_a_deleted_collection_goes_along(alice: User, bob: User):
    own = _Belongings(alice, bob)
    Collection.objects.filter(pk=own.collection.pk).update(deleted_at=NOW)
    _leave(alice, WorkChoice.HAND_OVER, bob)
    own.collection.refresh_from_db()
    assert own.collection.owner == bob
    assert own.collection.deleted_at is not None
