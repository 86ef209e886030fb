"""The rows that staff try things with in the administration."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import Group, Permission
from django.core.files.base import ContentFile
from django.utils import timezone

from accounts.models import ApiToken, Invitation, MailState, OutgoingMail
from audit.models import Entry
from billing.models import Budget, LedgerLine
from notifications.models import Notification
from tests.factories import BackendFactory, ReferenceImageFactory, UserFactory, VideoFactory
from videos.models import (
    Backend,
    Batch,
    Character,
    Collection,
    JobCandidate,
    PromptTemplate,
    State,
    Video,
    VideoModel,
)

PK = 900_001  # of every row that an address names
ROOT, CHIEF, OTHER = PK + 1, PK + 2, PK + 3
ADDRESS = "http://box.test/v1"  # of the backend


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
    backend = BackendFactory(pk=PK, name="Box", base_url=ADDRESS, paused_until=paused, **unconfirmed)
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
