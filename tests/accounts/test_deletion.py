"""Deleting an account: asked for, called off, accepted, carried out; and what it leaves."""

from datetime import timedelta
from unittest.mock import ANY

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Permission
from django.core import mail
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import deletion, invitations, tokens
from accounts.models import AccountDeletion, Role, User, WorkChoice
from audit.models import Entry
from audit.vocabulary import Action
from billing.models import Budget, Scope
from billing.periods import Period
from tests.factories import PASSWORD, BackendFactory, ReferenceImageFactory, UserFactory, VideoFactory
from videos import lifecycle
from videos.engine import cleanup
from videos.models import (
    Character,
    DeletedRequest,
    PromptTemplate,
    ReferenceImage,
    State,
    Tag,
    Video,
    VideoReference,
)

pytestmark = pytest.mark.django_db
PAGE = reverse("account_deletion")


@pytest.fixture
def confirmed(as_alice: Client) -> Client:
    as_alice.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    return as_alice


def _ask(client: Client, **data: str):
    return client.post(PAGE, {"work": "delete", "heir": "", "username": "alice", **data})


def _make_due(user: User) -> None:
    AccountDeletion.objects.filter(user=user).update(due_at=timezone.now() - timedelta(seconds=1))


def _exists(user: User) -> bool:
    return User.objects.filter(pk=user.pk).exists()


# --- Asking ------------------------------------------------------------------------------------------------


def test_the_password_comes_first(as_alice: Client, alice: User):
    session = as_alice.session
    session.pop("account_authentication_methods", None)
    session.save()
    for response in (as_alice.get(PAGE), _ask(as_alice)):
        assert response.status_code == 302
        assert response.headers["Location"].startswith(reverse("account_reauthenticate"))
    assert not AccountDeletion.objects.exists()


def test_nothing_happens_before_its_day(confirmed: Client, alice: User, settings):
    settings.ACCOUNT_DELETION_DAYS = 7
    assert _ask(confirmed).status_code == 302
    due_at = AccountDeletion.objects.get(user=alice).due_at
    assert timedelta(days=6.9) < due_at - timezone.now() <= timedelta(days=7)
    assert deletion.carry_out_due() == 0
    assert confirmed.get("/").status_code == 200
    assert "Your account will be deleted on" in confirmed.get(reverse("account_profile")).content.decode()


def test_it_can_be_called_off(confirmed: Client, alice: User):
    _ask(confirmed)
    confirmed.post(reverse("account_deletion_call_off"))
    assert not AccountDeletion.objects.exists()
    actions = Entry.objects.filter(owner_id=alice.pk).values_list("action", flat=True)
    assert {Action.DELETION_SCHEDULED, Action.DELETION_CALLED_OFF} <= set(actions)


def test_a_viewer_can_leave_too(confirmed: Client, alice: User):
    User.objects.filter(pk=alice.pk).update(role=Role.VIEWER)
    _ask(confirmed)
    assert AccountDeletion.objects.filter(user=alice).exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"username": "bob"},
        {"work": ""},
        {"work": "burn"},
        {"work": "hand_over"},
        {"work": "hand_over", "heir": "nobody"},
        {"work": "hand_over", "heir": "alice"},
        {"work": "hand_over", "heir": "victor"},
        {"work": "hand_over", "heir": "bob\x00"},
        {"work": "hand_over", "heir": "b" * 999},
    ],
)
def test_what_makes_no_sense_is_said_at_its_field(confirmed: Client, bob: User, wrong: dict[str, str]):
    UserFactory(username="victor", role=Role.VIEWER)
    response = _ask(confirmed, **wrong)
    assert response.status_code == 422
    assert "field-error" in response.content.decode()
    assert not AccountDeletion.objects.exists()


def test_the_last_superuser_stays(as_carol: Client, carol: User):
    as_carol.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    page = as_carol.get(PAGE).content.decode()
    assert "only superuser" in page
    assert _ask(as_carol, username="carol").status_code == 422
    assert not AccountDeletion.objects.exists()


def test_of_two_superusers_who_leave_one_stays(carol: User):
    other = UserFactory(is_superuser=True, is_staff=True)
    deletion.schedule(carol, WorkChoice.DELETE)
    with pytest.raises(ValidationError, match="only superuser"):
        deletion.schedule(other, WorkChoice.DELETE)
    User.objects.filter(pk=other.pk).update(is_active=False)  # blocked meanwhile
    _make_due(carol)
    deletion.carry_out_due()
    assert _exists(carol)
    assert "only superuser" in AccountDeletion.objects.get(user=carol).problem


# --- Handing over ------------------------------------------------------------------------------------------


def test_who_is_named_is_asked_by_mail_and_accepts(confirmed: Client, as_bob: Client, alice: User, bob: User):
    User.objects.filter(pk=bob.pk).update(email="bob@example.org")
    video = VideoFactory(owner=alice, state=State.COMPLETED)
    _ask(confirmed, work="hand_over", heir="BOB")
    (message,) = mail.outbox
    assert (message.to, message.subject) == (["bob@example.org"], "alice offers you their videos")
    _make_due(alice)
    assert deletion.carry_out_due() == 0  # nobody has accepted
    assert confirmed.get("/").status_code == 200

    assert "offers you their work" in as_bob.get(reverse("account_profile")).content.decode()
    pk = AccountDeletion.objects.get().pk
    assert "alice" in as_bob.get(reverse("account_offers")).content.decode()
    as_bob.post(reverse("account_offer_answer", args=[pk]), {"answer": "accept"})

    assert deletion.carry_out_due() == 1
    assert not _exists(alice)
    video.refresh_from_db()
    assert video.owner == bob
    assert as_bob.get(reverse("videos:detail", args=[video.public_id])).status_code == 200


def test_who_declines_gets_nothing_and_the_account_stays(alice: User, bob: User, as_bob: Client):
    planned = deletion.schedule(alice, WorkChoice.HAND_OVER, heir_name="bob")
    as_bob.post(reverse("account_offer_answer", args=[planned.pk]), {"answer": "decline"})
    _make_due(alice)
    assert deletion.carry_out_due() == 0
    assert AccountDeletion.objects.get().problem == "bob declined. Choose somebody else."
    alice.refresh_from_db()
    assert alice.is_active


def test_nobody_accepts_what_is_offered_to_another(alice: User, bob: User, as_carol: Client):
    planned = deletion.schedule(alice, WorkChoice.HAND_OVER, heir_name="bob")
    as_carol.post(reverse("account_offer_answer", args=[planned.pk]), {"answer": "accept"})
    assert AccountDeletion.objects.get().accepted_at is None


def test_an_heir_who_is_blocked_or_gone_gets_nothing(alice: User, bob: User):
    planned = deletion.schedule(alice, WorkChoice.HAND_OVER, heir_name="bob")
    deletion.answer(bob, planned.pk, accept=True)
    _make_due(alice)
    User.objects.filter(pk=bob.pk).update(is_active=False)
    assert deletion.carry_out_due() == 0
    bob.delete()
    assert deletion.carry_out_due() == 0
    assert _exists(alice)


def _accepted(alice: User, bob: User) -> None:
    planned = deletion.schedule(alice, WorkChoice.HAND_OVER, heir_name=bob.username)
    deletion.answer(bob, planned.pk, accept=True)
    _make_due(alice)


def test_jobs_go_on_for_the_heir_and_what_cost_nothing_is_canceled(alice: User, bob: User):
    made = {state: VideoFactory(owner=alice, state=state) for state in State}
    _accepted(alice, bob)
    assert deletion.carry_out_due() == 1
    for state, video in made.items():
        video.refresh_from_db()
        assert video.owner == bob
        assert video.state == (State.CANCELED if state == State.QUEUED else state)
        assert (video.deleted_at, video.cancel_requested_at) == (None, None)


def test_a_job_that_was_under_way_is_finished(alice: User, bob: User):
    video = VideoFactory(owner=alice, state=State.IN_PROGRESS)
    _accepted(alice, bob)
    deletion.carry_out_due()
    assert lifecycle.begin_storing(video.pk, video.backend_job_id)


def test_images_tags_characters_and_templates_go_along_and_meet_those_of_the_heir(alice: User, bob: User):
    video = VideoFactory(owner=alice, state=State.COMPLETED)
    lone, shared = ReferenceImageFactory(owner=alice), ReferenceImageFactory(owner=alice)
    shared.file.save("shared.png", ContentFile(b"a picture"))
    stored = shared.file.name
    same = ReferenceImageFactory(owner=bob, sha256=shared.sha256, deleted_at=timezone.now())
    Video.objects.filter(pk=video.pk).update(reference=shared, last_frame=lone)
    VideoReference.objects.create(video=video, image=shared, position=1)
    boats, theirs = Tag.objects.create(owner=alice, name="Boats"), Tag.objects.create(owner=bob, name="boats")
    rain = Tag.objects.create(owner=alice, name="Rain")
    video.tags.set([boats, rain])
    character = Character.objects.create(owner=alice, name="Mina", backend=video.backend)
    template = PromptTemplate.objects.create(owner=alice, title="Mine", prompt="A {bird}")

    _accepted(alice, bob)
    assert deletion.carry_out_due() == 1

    video.refresh_from_db()
    assert (video.reference, video.last_frame) == (same, lone)
    assert [use.image for use in video.video_references.all()] == [same]
    assert {tag.pk for tag in video.tags.all()} == {theirs.pk, rain.pk}
    assert not ReferenceImage.objects.filter(pk=shared.pk).exists()
    assert ReferenceImage.objects.get(pk=same.pk).deleted_at is None
    assert set(ReferenceImage.objects.values_list("owner", flat=True)) == {bob.pk}
    for row in (character, template):
        row.refresh_from_db()
        assert row.owner == bob
    assert stored


def test_what_was_handed_over_is_in_the_audit_log(alice: User, bob: User):
    video = VideoFactory(owner=alice, state=State.COMPLETED)
    _accepted(alice, bob)
    deletion.carry_out_due()
    entry = Entry.objects.get(action=Action.HANDED_OVER)
    assert (entry.object_id, entry.note) == (video.public_id, "From alice to bob.")
    gone = Entry.objects.get(action=Action.DELETED)
    assert (gone.kind, gone.label) == ("user", "alice")


def test_more_videos_than_fit_in_one_step(alice: User, bob: User, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("videos.services.account_work.BATCH", 2)
    backend = BackendFactory()
    VideoFactory.create_batch(5, owner=alice, backend=backend, state=State.COMPLETED)
    _accepted(alice, bob)
    assert deletion.carry_out_due() == 1
    assert Video.objects.filter(owner=bob).count() == 5


# --- Deleting ----------------------------------------------------------------------------------------------


def _delete(alice: User) -> None:
    deletion.schedule(alice, WorkChoice.DELETE)
    _make_due(alice)


def _clean_up() -> None:
    for pk in Video.objects.exclude(deleted_at=None).values_list("pk", flat=True):
        cleanup.clean_up_video(pk)


def test_the_account_waits_for_its_rows_and_says_so(alice: User):
    image = ReferenceImageFactory(owner=alice)
    video = VideoFactory(owner=alice, state=State.FAILED, backend_job_id="", reference=image)
    Character.objects.create(owner=alice, name="Mina", backend=video.backend)
    _delete(alice)
    assert deletion.carry_out_due() == 0
    alice.refresh_from_db()
    assert not alice.is_active
    problem = AccountDeletion.objects.get().problem
    assert problem == "Waits for 1 character and 1 reference image and 1 video."
    assert Video.objects.get().deleted_at is not None

    _clean_up()
    assert deletion.carry_out_due() == 1
    assert not _exists(alice)
    for model in (Video, ReferenceImage, Character):
        assert not model._default_manager.exists()


def test_paid_jobs_are_not_lost_track_of(alice: User):
    """A submission of which nobody knows yet keeps the account, until it is known what to cancel."""
    video = VideoFactory(owner=alice, state=State.SUBMITTING)
    _delete(alice)
    deletion.carry_out_due()
    _clean_up()
    deletion.carry_out_due()
    video.refresh_from_db()
    assert (video.state, video.cancel_requested_at) == (State.SUBMITTING, ANY)
    assert video.cancel_requested_at is not None
    assert _exists(alice)


def test_what_only_points_to_the_person_is_no_obstacle(alice: User, bob: User, carol: User):
    tokens.issue(alice, "CI")
    User.objects.filter(pk=alice.pk).update(role=Role.MANAGER)
    alice.refresh_from_db()
    invitations.issue(alice, role=Role.CREATOR)
    invitation, _ = invitations.issue(carol, role=Role.CREATOR)
    invitation.accepted_by = alice
    invitation.save()
    Budget.objects.create(scope=Scope.USER, user=alice, period=Period.MONTH, amount="5")
    PromptTemplate.objects.create(owner=alice, title="Mine", prompt="A bird")
    DeletedRequest.objects.create(
        backend=BackendFactory(), owner=alice, prompt="A", since=timezone.now(), attempted_at=timezone.now()
    )
    derived = VideoFactory(owner=bob, state=State.COMPLETED)
    deletion.schedule(bob, WorkChoice.HAND_OVER, heir_name="alice")
    _delete(alice)
    assert deletion.carry_out_due() == 1
    assert DeletedRequest.objects.get().owner is None  # the job is still nobody else's
    assert AccountDeletion.objects.get(user=bob).heir is None
    assert Video.objects.filter(pk=derived.pk).exists()


def test_sessions_and_tokens_end_with_it(confirmed: Client, alice: User):
    _, secret = tokens.issue(alice, "CI")
    VideoFactory(owner=alice, state=State.SUBMITTING)
    _delete(alice)
    deletion.carry_out_due()
    assert _exists(alice)
    assert confirmed.get("/").status_code == 302
    assert tokens.authenticate(secret) is None


def test_what_staff_did_in_the_admin_outlives_their_account(alice: User, carol: User):
    LogEntry.objects.log_actions(alice.pk, [carol], CHANGE, change_message="Changed role.")
    _delete(alice)
    assert deletion.carry_out_due() == 1
    entry = Entry.objects.get(note__contains="copied from the admin")
    assert (entry.username, entry.label) == ("alice", "carol")
    assert entry.note.startswith("Changed role.")


def test_once_begun_it_cannot_be_called_off(alice: User):
    VideoFactory(owner=alice, state=State.SUBMITTING)
    _delete(alice)
    deletion.carry_out_due()
    assert not deletion.call_off(alice)
    with pytest.raises(ValidationError, match="already"):
        deletion.schedule(alice, WorkChoice.DELETE)


# --- By staff ----------------------------------------------------------------------------------------------


def _choose(client: Client, user: User, **data: str):
    chosen = {"action": "delete_account", "_selected_action": str(user.pk), "index": "0"}
    return client.post(reverse("admin:accounts_user_changelist"), {**chosen, **data})


def test_staff_do_it_for_somebody_who_is_blocked_at_once(as_carol: Client, alice: User, bob: User):
    video = VideoFactory(owner=alice, state=State.COMPLETED)
    assert "Delete the account" in _choose(as_carol, alice).content.decode()
    wrong = _choose(as_carol, alice, confirmed="yes", work="hand_over", heir="nobody", username="alice")
    assert "Nobody who can make videos has this username." in wrong.content.decode()
    _choose(as_carol, alice, confirmed="yes", work="hand_over", heir="bob", username="alice")
    alice.refresh_from_db()
    assert not alice.is_active
    assert deletion.carry_out_due() == 0  # there is still time
    page = as_carol.get(reverse("admin:accounts_user_change", args=[alice.pk])).content.decode()
    assert "Work: hand it over to bob." in page
    _make_due(alice)
    assert deletion.carry_out_due() == 1
    video.refresh_from_db()
    assert video.owner == bob


def test_staff_call_it_off(as_carol: Client, carol: User, alice: User):
    deletion.schedule(alice, WorkChoice.DELETE, by=carol)
    chosen = {"action": "keep_account", "_selected_action": str(alice.pk), "index": "0"}
    as_carol.post(reverse("admin:accounts_user_changelist"), chosen)
    assert not AccountDeletion.objects.exists()


def test_only_a_superuser_deletes_an_account_with_rights(carol: User, alice: User):
    staff = UserFactory(is_staff=True)
    codes = ["delete_user", "view_user", "change_user"]
    staff.user_permissions.set(Permission.objects.filter(codename__in=codes))
    client = Client()
    client.force_login(staff)
    _choose(client, carol, confirmed="yes", work="delete", username="carol")
    assert not AccountDeletion.objects.exists()
    _choose(client, alice, confirmed="yes", work="delete", username="alice")
    assert AccountDeletion.objects.filter(user=alice).exists()
