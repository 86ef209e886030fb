"""Many videos as one ZIP."""

import io
import json
import tracemalloc
import zipfile
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage
from django.urls import reverse
from django.utils.translation import get_language

from tests.factories import ReferenceImageFactory, VideoFactory
from videos.models import State, Video
from videos.services.library import add_tag
from videos.views import zip_export

pytestmark = pytest.mark.django_db
URL = reverse("videos:bulk")


def stored_video(owner, prompt: str, content: bytes = b"video", **fields) -> Video:
    video = VideoFactory(owner=owner, prompt=prompt, state=State.COMPLETED, file="", **fields)
    video.file.save(f"videos/{video.public_id}/video.mp4", ContentFile(content))
    return video


def download(client, *videos: Video, language: str = "en") -> zipfile.ZipFile:
    asked = {"do": "zip", "id": [video.public_id for video in videos]}
    response = client.post(URL, asked, headers={"Accept-Language": language})
    assert response.status_code == 200
    assert response["Content-Type"] == "application/zip"
    assert response["Content-Disposition"].startswith('attachment; filename="contentgen-')
    archive = zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content)))
    assert archive.testzip() is None
    return archive


def test_each_film_comes_with_what_is_known_of_it(as_alice, alice):
    source = stored_video(alice, "The first")
    reference = ReferenceImageFactory(owner=alice)
    video = stored_video(
        alice,
        "A paper boat",
        b"the boat",
        price=Decimal("0.4000"),
        source=source,
        kind="remix",
        reference=reference,
        note="for the autumn spot",
    )
    add_tag(alice, [video], "Grüße")

    archive = download(as_alice, video)

    assert archive.namelist() == ["a-paper-boat.json", "a-paper-boat.mp4"]
    assert archive.read("a-paper-boat.mp4") == b"the boat"
    assert all(info.compress_type == zipfile.ZIP_STORED for info in archive.infolist())
    told = json.loads(archive.read("a-paper-boat.json"))
    video.refresh_from_db()
    assert told["id"] == video.public_id
    assert told["prompt"] == "A paper boat"
    assert (told["model"], told["size"], told["seconds"]) == ("sora-2", "1280x720", 4)
    assert told["price_usd"] == "0.4000"
    assert (told["kind"], told["source_id"]) == ("remix", source.public_id)
    assert told["reference"]["sha256"] == reference.sha256
    assert told["tags"] == ["Grüße"]
    assert told["note"] == "for the autumn spot"
    assert told["backend_job_id"] == video.backend_job_id
    assert told["finished_at"] == video.finished_at.isoformat()


def test_names_are_readable_and_never_clash(as_alice, alice):
    prompts = ["A boat", "a BOAT!", "Über den Wölken", "紙の船", "missing", "🚣", "x" * 300]
    videos = [stored_video(alice, prompt, prompt.encode()) for prompt in prompts]
    archive = download(as_alice, *videos)
    names = [name for name in archive.namelist() if name.endswith(".mp4")]
    assert names == [
        "a-boat.mp4",
        "a-boat-2.mp4",
        "über-den-wölken.mp4",
        "紙の船.mp4",
        "missing-2.mp4",
        f"{videos[5].public_id}.mp4",
        "x" * 60 + ".mp4",
    ]
    assert [archive.read(name).decode() for name in names] == prompts


def test_a_file_that_is_gone_is_noted_instead_of_breaking_it(as_alice, alice, caplog):
    lost, kept = stored_video(alice, "Lost"), stored_video(alice, "Kept", b"here")
    Path(lost.file.path).unlink()
    archive = download(as_alice, lost, kept)
    assert archive.namelist() == ["lost.json", "kept.json", "kept.mp4", "missing.txt"]
    assert archive.read("kept.mp4") == b"here"
    assert lost.public_id in archive.read("missing.txt").decode()
    assert kept.public_id not in archive.read("missing.txt").decode()


def test_what_is_missing_is_told_in_the_language_of_the_request(as_alice, alice, monkeypatch):
    lost = stored_video(alice, "Lost")
    Path(lost.file.path).unlink()
    monkeypatch.setattr(zip_export, "gettext", lambda text: f"{text} in {get_language()}")
    for language in ("de", "en"):
        archive = download(as_alice, lost, language=language)
        assert f"there is no file in {language}\n" in archive.read("missing.txt").decode()


def test_a_file_that_breaks_off_is_noted_too(as_alice, alice, monkeypatch):
    broken, kept = stored_video(alice, "Broken"), stored_video(alice, "Kept", b"here")

    class Breaking(File):
        def read(self, size: int = -1) -> bytes:
            if self.tell():
                raise OSError(5, "Input/output error")
            return self.file.read(2)

    opened = FileSystemStorage.open

    def breaking(storage, name, mode="rb"):
        file = opened(storage, name, mode)
        return Breaking(file.file) if broken.public_id in name else file

    monkeypatch.setattr(FileSystemStorage, "open", breaking)
    archive = download(as_alice, broken, kept)
    assert archive.read("broken.mp4") == b"vi"
    assert archive.read("kept.mp4") == b"here"
    assert "broke off" in archive.read("missing.txt").decode()


def test_strangers_and_unfinished_ones_are_not_in_it(as_alice, alice, bob):
    mine = stored_video(alice, "Mine")
    archive = download(
        as_alice, mine, stored_video(bob, "Theirs"), VideoFactory(owner=alice, prompt="Queued")
    )
    assert archive.namelist() == ["mine.json", "mine.mp4"]


def test_nothing_to_put_in_is_said(as_alice, alice):
    queued = VideoFactory(owner=alice)
    response = as_alice.post(URL, {"do": "zip", "id": queued.public_id}, follow=True)
    assert "None of the selected videos has a file yet." in response.content.decode()


def test_memory_does_not_grow_with_the_films(alice, monkeypatch):
    """A quarter of a gigabyte passes through a few chunks' worth of memory."""
    video = stored_video(alice, "Long")

    class Endless(File):
        left = 256 * 1024 * 1024

        def read(self, size: int = -1) -> bytes:
            size = min(size, self.left)
            self.left -= size
            return bytes(size)

    monkeypatch.setattr(FileSystemStorage, "open", lambda *_: Endless(io.BytesIO()))
    tracemalloc.start()
    sent = sum(len(chunk) for chunk in zip_export.archive([video], alice))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sent > 256 * 1024 * 1024
    assert peak < 8 * 1024 * 1024
