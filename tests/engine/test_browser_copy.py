"""A video that browsers do not play is kept as it is, and gets a copy for the player."""

import hashlib
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.urls import reverse

from simulator.transcoder import transcode
from tests.engine.fake import FakeBackend
from tests.factories import BackendFactory, VideoFactory
from videos.engine import browser_copy
from videos.engine.cleanup import clean_up_video
from videos.engine.concat import last_frame_of_source
from videos.engine.operations import Operation
from videos.engine.store import folder_of, store
from videos.engine.workspace import LeaseLostError
from videos.models import Backend, State, Video
from videos.services.video_actions import delete_video

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="session")
def sample_path(tmp_path_factory: pytest.TempPathFactory, sample_video: bytes) -> Path:
    path = tmp_path_factory.mktemp("foreign") / "video.mp4"
    path.write_bytes(sample_video)
    return path


@pytest.fixture
def video(backend: Backend, alice) -> Video:
    return VideoFactory(owner=alice, backend=backend, state=State.STORING, prompt="A boat", size="64x36")


def stored(video: Video, fake: FakeBackend, content: bytes) -> Video:
    fake.content = [content]
    store(video.pk)
    video.refresh_from_db()
    return video


def files(video: Video) -> list[str]:
    root = Path(default_storage.path(folder_of(video)))
    return sorted(path.name for path in root.rglob("*") if path.is_file())


def body(response) -> bytes:
    return b"".join(response.streaming_content)


FORMATS = {
    "hevc": ("HEVC", "MP4", ".mp4", "video/mp4"),
    "h264_10bit": ("H.264 10-bit", "MP4", ".mp4", "video/mp4"),
    "prores": ("ProRes", "QuickTime", ".mov", "video/quicktime"),
    "webm": ("VP9", "WebM", ".webm", "video/webm"),
    "avi": ("Motion JPEG", "AVI", ".avi", "video/x-msvideo"),
}


@pytest.mark.parametrize("name", FORMATS)
def test_the_original_is_kept_and_the_player_gets_a_copy(
    video: Video, fake: FakeBackend, sample_path: Path, as_alice, name: str
):
    original = transcode(sample_path, name).read_bytes()
    codec, container, suffix, content_type = FORMATS[name]

    stored(video, fake, original)

    assert (video.state, video.codec, video.container) == (State.COMPLETED, codec, container)
    assert files(video) == sorted(["browser.mp4", "poster.webp", "scrub.jpg", f"video{suffix}"])
    assert (video.byte_count, video.sha256) == (len(original), hashlib.sha256(original).hexdigest())
    address = reverse("videos:file", args=[video.public_id])

    played = as_alice.get(address)
    copy = body(played)
    assert played["Content-Type"] == "video/mp4"
    assert (len(copy), hashlib.sha256(copy).hexdigest()) == (video.browser_byte_count, video.browser_sha256)
    saved = as_alice.get(address, {"download": "1"})
    assert (saved["Content-Type"], body(saved)) == (content_type, original)
    assert f'"a-boat{suffix}"' in saved["Content-Disposition"]
    other = as_alice.get(address, {"download": "browser"})
    assert (other["Content-Type"], body(other)) == ("video/mp4", copy)
    assert '"a-boat-browser.mp4"' in other["Content-Disposition"]

    page = as_alice.get(video.get_absolute_url()).content.decode()
    assert f"Download original ({codec}, " in page
    assert "Download MP4 for browsers" in page
    assert "may not play" not in page


def test_the_apis_give_the_original(video: Video, fake: FakeBackend, sample_path: Path, as_alice):
    original = transcode(sample_path, "avi").read_bytes()
    stored(video, fake, original)

    response = as_alice.get(f"/api/v1/videos/{video.public_id}/download")

    assert (response["Content-Type"], body(response)) == ("video/x-msvideo", original)
    assert ".avi" in response["Content-Disposition"]


def test_a_video_that_cannot_be_copied_is_completed_and_the_page_says_so(
    video: Video, fake: FakeBackend, sample_path: Path, as_alice, monkeypatch
):
    def fail(*_: object, **__: object) -> None:
        raise ValueError("no encoder")

    monkeypatch.setattr(browser_copy, "make_browser_copy", fail)

    stored(video, fake, transcode(sample_path, "hevc").read_bytes())

    assert (video.state, video.browser_file.name) == (State.COMPLETED, "")
    page = as_alice.get(video.get_absolute_url()).content.decode()
    assert "Browsers may not play this video" in page
    assert "Download MP4 for browsers" not in page


def test_copying_stops_when_the_lease_is_lost(
    video: Video, fake: FakeBackend, sample_path: Path, monkeypatch
):
    def lose(source: Path, target: Path, **_: object) -> None:
        raise LeaseLostError

    monkeypatch.setattr(browser_copy, "make_browser_copy", lose)

    stored(video, fake, transcode(sample_path, "hevc").read_bytes())

    assert (video.state, files(video)) == (State.STORING, [])


def test_a_usual_video_has_one_file_and_one_download(
    video: Video, fake: FakeBackend, sample_video: bytes, as_alice
):
    stored(video, fake, sample_video)

    assert (video.codec, video.container, video.browser_file.name) == ("H.264", "MP4", "")
    page = as_alice.get(video.get_absolute_url()).content.decode()
    assert "Download original" not in page
    assert "may not play" not in page


def test_a_video_of_an_earlier_release_is_served_as_before(alice, as_alice):
    video = VideoFactory(owner=alice, state=State.COMPLETED)

    page = as_alice.get(video.get_absolute_url()).content.decode()

    assert "may not play" not in page
    assert "Codec" not in page


def test_deleting_removes_both_files(video: Video, fake: FakeBackend, sample_path: Path):
    stored(video, fake, transcode(sample_path, "avi").read_bytes())

    delete_video(video)
    clean_up_video(video.pk)

    assert not default_storage.exists(folder_of(video)) or files(video) == []


def test_a_server_is_sent_the_copy_and_an_extension_begins_with_the_original(
    video: Video, fake: FakeBackend, sample_path: Path, tmp_path: Path
):
    stored(video, fake, transcode(sample_path, "avi").read_bytes())
    sent = []

    with Operation(lambda _, clip: sent.append((clip.name, clip.file.read(8)[4:])), video).prepare() as send:
        send(fake)
    extension = VideoFactory(source=video, size="64x36")

    assert sent == [("video.mp4", b"ftyp")]
    assert last_frame_of_source(extension, tmp_path).content


def test_what_a_server_really_delivers_is_kept_and_copied(start_simulator, alice):
    simulator = start_simulator()
    rule = {"on": "content", "kind": "other_format", "format": "webm"}
    assert simulator.http.post("/_simulator/faults", json={"rules": [rule]}).status_code == 200
    wanted = {"prompt": "A boat", "seconds": "4", "size": "1280x720"}
    job = simulator.http.post("/v1/videos", json=wanted).json()
    backend = BackendFactory(base_url=f"{simulator.url}/v1")
    video = VideoFactory(owner=alice, backend=backend, state=State.STORING, backend_job_id=job["id"])

    store(video.pk)

    video.refresh_from_db()
    assert (video.state, video.codec, video.container) == (State.COMPLETED, "VP9", "WebM")
    assert {"browser.mp4", "video.webm"} <= set(files(video))
