"""All that the studio has of a person, for that person alone, as one ZIP."""

import json
from io import BytesIO
from zipfile import ZipFile

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse

from accounts import invitations, tokens
from accounts.models import Role, User
from tests.factories import ReferenceImageFactory, UserFactory, VideoFactory
from videos.models import PromptTemplate, State
from videos.services.share_links import LinkOptions, create_link

pytestmark = pytest.mark.django_db
PAGE, DOWNLOAD = reverse("videos:personal_data"), reverse("videos:personal_data_download")


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
    shared = create_link(alice, video, LinkOptions(title="Cut 2"), days=1, password="open sesame")

    archive = _archive(as_alice)

    text = b"".join(archive.read(name) for name in archive.namelist()).decode()
    assert '"CI"' in text
    assert '"Cut 2"' in text
    for hidden in (
        *(secret, token.digest, link, invitation.digest, alice.password),
        *(shared.secret, shared.digest, shared.encrypted_secret, shared.password),
    ):
        assert hidden not in text


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
