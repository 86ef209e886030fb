"""What staff can try in the administration, and the rows that they try it with."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import Group, Permission
from django.core.files.base import ContentFile
from django.utils import timezone

from accounts.models import ApiToken, Invitation, MailState, OutgoingMail, User
from audit.models import Entry
from billing.models import Budget, LedgerLine
from notifications.models import Notification
from tests.admin.model_forms import size_rows
from tests.factories import BackendFactory, ReferenceImageFactory, UserFactory, VideoFactory
from videos.models import (
    Backend,
    Batch,
    Character,
    Collection,
    JobCandidate,
    PromptTemplate,
    ReferenceImage,
    State,
    StudioState,
    Video,
    VideoModel,
)

PK = 900_001  # of every row that an address names
ROOT, CHIEF, OTHER = PK + 1, PK + 2, PK + 3


@dataclass(frozen=True)
class Step:
    """Something that a POST changes; `happened` tells afterwards whether it did."""

    name: str
    path: str
    data: dict[str, Any]
    happened: Callable[[], bool]


def _person() -> User:
    return User.objects.get(pk=PK)


def _has_password(pk: int) -> bool:
    return User.objects.get(pk=pk).check_password(NEW)


def _is_gone(model: Any, pk: int = PK) -> bool:
    return not model._default_manager.filter(pk=pk).exists()


def _backend() -> Backend:
    return Backend.objects.get(pk=PK)


def _video(pk: int = PK) -> Video:
    return Video.objects.get(pk=pk)


NEW = "a new long phrase 42"
PERSON = {
    "username": "alice",
    "role": "creator",
    "date_joined_0": "2026-01-01",
    "date_joined_1": "00:00:00",
    "is_active": "on",
}
PASSWORD = {"password1": NEW, "password2": NEW, "usable_password": "true", "set-password": "x"}
BOX = {
    "name": "Box",
    "base_url": "http://box.test/v1",
    "key_env": "BACKEND_KEY_BOX",
    "service": "videos-api",
    "timeout": 60,
    "max_in_flight": 4,
    "requests_per_minute": "",
    "job_retention": "studio",
    "enabled": "on",
    "position": 0,
}
TEMPLATE = {"title": "Ours", "prompt": "A fox", "enabled": "on", "position": 0, "picture": "", "owner": ""}
MODEL = {
    "name": "sora-9",
    "label": "Sora 9",
    "lengths": "4",
    **size_rows(("1280x720", "")),
    "enabled": "on",
    "position": 0,
}


def _action(name: str, pk: int = PK, **more: str) -> dict[str, Any]:
    return {"action": name, "index": "0", "_selected_action": [pk], **more}


def _listed(pk: int, **row: Any) -> dict[str, Any]:
    """What the list sends when its own columns are edited."""
    counts = {"form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 1, "_save": "Save"}
    return {**counts, "form-0-id": pk, **{f"form-0-{name}": value for name, value in row.items()}}


def all_steps() -> list[Step]:
    """Everything that can be done in the administration, and what only superusers should get done."""
    user, backend, video = "accounts/user/", "videos/backend/", "videos/video/"
    template, model, budget = "videos/prompttemplate/", "videos/videomodel/", "billing/budget/"
    change = f"{PK}/change/"
    rights = str(Permission.objects.first().pk)  # type: ignore[union-attr]
    return [
        Step("edit a person", user + change, {**PERSON, "email": "a@b.org"}, lambda: bool(_person().email)),
        Step(
            "make a superuser",
            user + change,
            {**PERSON, "is_superuser": "on"},
            lambda: _person().is_superuser,
        ),
        Step("make somebody staff", user + change, {**PERSON, "is_staff": "on"}, lambda: _person().is_staff),
        Step(
            "put somebody in a group",
            user + change,
            {**PERSON, "groups": [str(PK)]},
            lambda: _person().groups.exists(),
        ),
        Step(
            "give a permission",
            user + change,
            {**PERSON, "user_permissions": [rights]},
            lambda: _person().user_permissions.exists(),
        ),
        Step(
            "lock a superuser out",
            f"{user}{ROOT}/change/",
            {**PERSON, "username": "root", "is_active": ""},
            lambda: not User.objects.get(pk=ROOT).is_active,
        ),
        Step("set a person's password", f"{user}{PK}/password/", PASSWORD, lambda: _has_password(PK)),
        Step("set a superuser's password", f"{user}{ROOT}/password/", PASSWORD, lambda: _has_password(ROOT)),
        Step("set the staff's password", f"{user}{CHIEF}/password/", PASSWORD, lambda: _has_password(CHIEF)),
        Step(
            "add a person",
            f"{user}add/",
            {"username": "dave", **PASSWORD, "is_superuser": "on"},
            lambda: User.objects.filter(username="dave").exists(),
        ),
        Step("delete a person", f"{user}{OTHER}/delete/", {"post": "yes"}, lambda: _is_gone(User, OTHER)),
        Step("delete a superuser", f"{user}{ROOT}/delete/", {"post": "yes"}, lambda: _is_gone(User, ROOT)),
        Step(
            "delete superusers in the list",
            user,
            _action("delete_selected", ROOT, post="yes"),
            lambda: _is_gone(User, ROOT),
        ),
        Step(
            "add a group",
            "auth/group/add/",
            {"name": "New"},
            lambda: Group.objects.filter(name="New").exists(),
        ),
        Step(
            "give a group a permission",
            f"auth/group/{PK}/change/",
            {"name": "Makers", "permissions": [rights]},
            lambda: Group.objects.get(pk=PK).permissions.exists(),
        ),
        Step("delete a group", f"auth/group/{PK}/delete/", {"post": "yes"}, lambda: _is_gone(Group)),
        Step(
            "revoke a token",
            "accounts/apitoken/",
            _action("revoke"),
            lambda: ApiToken.objects.get(pk=PK).revoked_at is not None,
        ),
        Step(
            "withdraw an invitation",
            "accounts/invitation/",
            _action("withdraw"),
            lambda: Invitation.objects.get(pk=PK).revoked_at is not None,
        ),
        Step(
            "send mail again",
            "accounts/outgoingmail/",
            _action("send_again"),
            lambda: OutgoingMail.objects.get(pk=PK).state == MailState.QUEUED,
        ),
        Step(
            "remove second factors",
            "accounts/user/",
            _action("remove_second_factors"),
            lambda: not Authenticator.objects.filter(user=PK).exists(),
        ),
        Step(
            "remove a superuser's second factors",
            "accounts/user/",
            _action("remove_second_factors", ROOT),
            lambda: not Authenticator.objects.filter(user=ROOT).exists(),
        ),
        Step(
            "sign a person out",
            user,
            _action("sign_out_everywhere"),
            lambda: not UserSession.objects.filter(user=PK).exists(),
        ),
        Step(
            "sign a superuser out",
            user,
            _action("sign_out_everywhere", ROOT),
            lambda: not UserSession.objects.filter(user=ROOT).exists(),
        ),
        Step(
            "deactivate a person",
            user,
            _action("deactivate", confirmed="yes"),
            lambda: not _person().is_active,
        ),
        Step(
            "deactivate a superuser",
            user,
            _action("deactivate", ROOT, confirmed="yes"),
            lambda: not User.objects.get(pk=ROOT).is_active,
        ),
        Step(
            "revoke a person's tokens",
            user,
            _action("revoke_tokens", confirmed="yes"),
            lambda: ApiToken.objects.get(pk=PK).revoked_at is not None,
        ),
        Step(
            "give a person a budget",
            f"{user}{PK}/budget/",
            {"amount": "5", "period": "day"},
            lambda: Budget.objects.filter(user=PK, period="day").exists(),
        ),
        Step(
            "set a budget",
            f"{budget}add/",
            {"scope": "studio", "period": "month", "amount": "5"},
            lambda: Budget.objects.filter(scope="studio").exists(),
        ),
        Step(
            "change a budget",
            budget + change,
            {"amount": "5"},
            lambda: Budget.objects.get(pk=PK).amount == 5,
        ),
        Step("remove a budget", f"{budget}{PK}/delete/", {"post": "yes"}, lambda: _is_gone(Budget)),
        Step(
            "delete a line of the ledger",
            "billing/ledgerline/",
            _action("delete_selected", post="yes"),
            lambda: _is_gone(LedgerLine),
        ),
        Step(
            "delete an entry of the audit log",
            f"audit/entry/{PK}/delete/",
            {"post": "yes"},
            lambda: _is_gone(Entry),
        ),
        Step("limit a backend", backend + change, {**BOX, "timeout": 9}, lambda: _backend().timeout == 9),
        Step(
            "move a backend",
            backend + change,
            {**BOX, "base_url": "http://evil.test/v1", "confirm_key": "on"},
            lambda: "evil" in _backend().base_url,
        ),
        Step(
            "send a backend another key",
            backend + change,
            {**BOX, "key_env": "OPENAI_API_KEY"},
            lambda: _backend().key_env == "OPENAI_API_KEY",
        ),
        Step(
            "let a backend name what is inside",
            backend + change,
            {**BOX, "in_private_network": "true"},
            lambda: _backend().in_private_network is True,
        ),
        Step(
            "confirm a key",
            backend,
            _action("confirm_key"),
            lambda: _backend().key_confirmed_for == _backend().key_destination,
        ),
        Step(
            "confirm a key on its page",
            backend + change,
            {**BOX, "confirm_key": "on"},
            lambda: _backend().key_confirmed_for == _backend().key_destination,
        ),
        Step(
            "add a backend",
            f"{backend}add/",
            {**BOX, "name": "New"},
            lambda: Backend.objects.filter(name="New").exists(),
        ),
        Step(
            "switch a backend off",
            backend,
            _action("switch_off", confirmed="yes"),
            lambda: not _backend().enabled,
        ),
        Step(
            "pause a backend",
            backend,
            _action("pause", confirmed="yes", reason="Moves"),
            lambda: _backend().pause_reason == "Moves",
        ),
        Step("probe a backend", backend, _action("probe"), lambda: _backend().can_list is True),
        Step("resume a backend", backend, _action("resume"), lambda: _backend().paused_until is None),
        Step(
            "delete a backend", f"{backend}{OTHER}/delete/", {"post": "yes"}, lambda: _is_gone(Backend, OTHER)
        ),
        Step(
            "cancel a video",
            video,
            _action("cancel", confirmed="yes"),
            lambda: _video().state == State.CANCELED,
        ),
        Step(
            "retry a video",
            video,
            _action("retry", OTHER, confirmed="yes"),
            lambda: _video(OTHER).state == State.QUEUED,
        ),
        Step(
            "mark a video as failed",
            video,
            _action("give_up", ROOT, confirmed="yes"),
            lambda: _video(ROOT).state == State.FAILED,
        ),
        Step(
            "assign a job",
            f"{video}{ROOT}/adopt",
            {"job_id": "job_9"},
            lambda: _video(ROOT).backend_job_id == "job_9",
        ),
        Step(
            "delete a video",
            f"{video}{OTHER}/delete/",
            {"post": "yes"},
            lambda: _video(OTHER).deleted_at is not None,
        ),
        Step(
            "edit a video",
            video + change,
            {"prompt": "Another"},
            lambda: _video().prompt == "Another",
        ),
        Step(
            "delete a character",
            f"videos/character/{PK}/delete/",
            {"post": "yes"},
            lambda: not Character.objects.filter(pk=PK, deleted_at=None).exists(),
        ),
        Step(
            "delete a reference",
            f"videos/referenceimage/{PK}/delete/",
            {"post": "yes"},
            lambda: not ReferenceImage.objects.filter(pk=PK, deleted_at=None).exists(),
        ),
        Step(
            "share a template",
            f"{template}add/",
            TEMPLATE,
            lambda: PromptTemplate.objects.filter(title="Ours", owner=None).exists(),
        ),
        Step(
            "share a template in the studio",
            "/templates/new",
            {**TEMPLATE, "everybody": "on"},
            lambda: PromptTemplate.objects.filter(title="Ours", owner=None).exists(),
        ),
        Step(
            "edit a template",
            template + change,
            {**TEMPLATE, "title": "Edited"},
            lambda: PromptTemplate.objects.get(pk=PK).title == "Edited",
        ),
        Step(
            "switch a template off",
            template,
            _listed(PK, position=0),
            lambda: not PromptTemplate.objects.get(pk=PK).enabled,
        ),
        Step(
            "delete a template", f"{template}{PK}/delete/", {"post": "yes"}, lambda: _is_gone(PromptTemplate)
        ),
        Step("add a model", f"{model}add/", MODEL, lambda: VideoModel.objects.filter(name="sora-9").exists()),
        Step(
            "edit a model",
            model + change,
            {**MODEL, "name": "model", "label": "Edited"},
            lambda: VideoModel.objects.get(pk=PK).label == "Edited",
        ),
        Step("delete a model", f"{model}{PK}/delete/", {"post": "yes"}, lambda: _is_gone(VideoModel)),
        Step(
            "hold submissions",
            "videos/studiostate/",
            {"action": "hold", "note": "x"},
            lambda: StudioState.objects.filter(held_at__isnull=False).exists(),
        ),
    ]


def make_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make one row of everything, named by the addresses, and what a probe would find out."""

    def probe(backend: Backend, *, by: str) -> Any:
        Backend.objects.filter(pk=backend.pk).update(can_list=True)
        return type("Report", (), {"problem": "", "checks": ()})()

    monkeypatch.setattr("videos.admin.backend_actions.probe_backend", probe)
    alice = UserFactory(pk=PK, username="alice")
    UserFactory(pk=ROOT, username="root", is_superuser=True, is_staff=True)
    UserFactory(pk=OTHER, username="other")
    chief = UserFactory(pk=CHIEF, username="chief", is_staff=True)
    chief.user_permissions.set(Permission.objects.filter(codename="change_backend"))
    Group.objects.create(pk=PK, name="Makers")
    ApiToken.objects.create(pk=PK, user=alice, name="CI", hint="cg_", digest="d")
    week = timezone.now() + timedelta(days=7)
    Invitation.objects.create(pk=PK, digest="d", email="dora@example.org", invited_by=alice, expires_at=week)
    OutgoingMail.objects.create(pk=PK, sender="s@x.test", recipient="r@x.test", state=MailState.FAILED)
    told = Notification(pk=PK, user=alice, kind="video.failed", key="video:1", happened_at=timezone.now())
    told.save(force_insert=True)
    Budget.objects.create(pk=PK, scope="user", user=alice, period="month", amount=1)
    Entry.objects.create(pk=PK, action="changed", kind="video", door="page")
    for owner in (PK, ROOT):
        Authenticator.objects.create(user_id=owner, type=Authenticator.Type.TOTP, data={"secret": "x"})
        UserSession.objects.create(user_id=owner, ip="127.0.0.1", session_key=f"session of {owner}")
    unconfirmed = {"key_env": "BACKEND_KEY_BOX", "key_confirmed_for": ""}
    paused = timezone.now() + timedelta(hours=1)
    backend = BackendFactory(pk=PK, name="Box", base_url=BOX["base_url"], paused_until=paused, **unconfirmed)
    BackendFactory(pk=OTHER, name="Unused")
    VideoModel.objects.create(pk=PK, name="model", label="Model", sizes=["1280x720"], seconds=[4])
    PromptTemplate.objects.create(pk=PK, title="Shared", prompt="A fox")
    shared = {"owner": alice, "backend": backend}
    video = VideoFactory(pk=PK, public_id="video_1", state=State.IN_PROGRESS, **shared)
    for field in ("file", "browser_file", "poster"):
        getattr(video, field).save(f"videos/{field}.mp4", ContentFile(b"x"))
    VideoFactory(pk=OTHER, state=State.FAILED, **shared)
    uncertain = VideoFactory(pk=ROOT, state=State.UNCERTAIN, due_at=None, **shared)
    JobCandidate.objects.create(video=uncertain, backend_job_id="job_9")
    image = ReferenceImageFactory(pk=PK, owner=alice)
    image.file.save("references/a.png", ContentFile(b"x"))
    Collection.objects.create(pk=PK, owner=alice, name="Foxes")
    Batch.objects.create(pk=PK, owner=alice, name="Foxes", state="ready", row_count=1, estimate=0)
    _make_ledger_line(video)
    character = Character.objects.create(pk=PK, owner=alice, backend=backend, name="Fox")
    character.file.save("characters/a.mp4", ContentFile(b"x"))


def _make_ledger_line(video: Video) -> None:
    LedgerLine.objects.create(
        pk=PK,
        kind="reserve",
        transition="created",
        video_id=video.pk,
        video=video.public_id,
        attempt=1,
        counts_at=timezone.now(),
        user_id=video.owner_id,
        username="alice",
        role="creator",
        model=video.model,
        backend_id=video.backend_id,
        backend_name="Box",
    )
