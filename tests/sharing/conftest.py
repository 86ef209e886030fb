"""What the tests of sharing have in common: finished videos with files, links, and visitors."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from tests.factories import VideoFactory
from videos.models import Collection, ShareLink, State, Video
from videos.services.share_links import LinkOptions, create_link

CLIP = bytes(range(256)) * 8
PROMPT = "A secret launch on a rainy street"
PASSWORD = "open sesame"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"


def finished_video(owner: User, **fields: object) -> Video:
    """A completed video of `owner`, with files."""
    video: Video = VideoFactory(owner=owner, state=State.COMPLETED, **{"prompt": PROMPT, **fields})
    video.file.save("video.mp4", ContentFile(CLIP), save=False)
    video.poster.save("poster.webp", ContentFile(b"a poster"), save=False)
    video.scrub_sheet.save("scrub.jpg", ContentFile(b"a sheet"), save=False)
    video.sha256 = "cd" * 32
    video.save()
    return video


@pytest.fixture
def video(alice: User) -> Video:
    return finished_video(alice)


@pytest.fixture
def collection(alice: User) -> Collection:
    return Collection.objects.create(owner=alice, name="Autumn spot")


@pytest.fixture
def share(alice: User, video: Video) -> Callable[..., ShareLink]:
    """Makes links of alice, to her video unless told otherwise."""

    def make(shared: Video | Collection | None = None, *, password: str = "", **options: object) -> ShareLink:
        chosen = LinkOptions(**options)  # type: ignore[arg-type]  # by name, as the tests write them
        return create_link(alice, shared or video, chosen, days=30, password=password)

    return make


@pytest.fixture
def visitor(db: None) -> Client:
    """A browser in which nobody is signed in, and which checks CSRF as a real one would be."""
    return Client(enforce_csrf_checks=True, headers={"User-Agent": BROWSER})


def address(link: ShareLink, name: str = "") -> str:
    """The path of the link's page, or of its file, poster, and so on."""
    return reverse("videos:shared" + (f"_{name}" if name else ""), args=[link.secret])


def expire(link: ShareLink) -> None:
    ShareLink.objects.filter(pk=link.pk).update(expires_at=timezone.now() - timedelta(seconds=1))


def query_count(client: Client, path: str, **query: str) -> int:
    """How many queries a page takes that was opened before."""
    client.get(path, query)
    with CaptureQueriesContext(connection) as queries:
        client.get(path, query)
    return len(queries)


def body(response) -> bytes:
    return b"".join(response.streaming_content)


def read(response) -> bytes:
    """The whole body, of a page or a file: what is not read would be left open."""
    return body(response) if response.streaming else response.content
