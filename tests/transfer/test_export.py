"""What an export is like on the disk: names for every system, nothing half, and a word on what is missing."""

import errno
import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.files.storage import default_storage
from django.core.management.base import CommandError

from accounts.models import User
from audit.models import Entry
from tests.commands.conftest import Ran
from tests.factories import VideoFactory
from tests.sharing.conftest import finished_video
from videos.models import State, Video
from videos.transfer import layout
from videos.transfer.sinks import FolderSink

pytestmark = pytest.mark.django_db

PROMPTS = [
    "A boat",
    "a BOAT",
    "CON",
    "nul.mp4",
    "",
    "…" * 9,
    "🚤" * 90,
    "x" * 900,
    'a/b\\c:d*e?f"g<h>i|j',
    "é ",
    "e\u0301 ",
]


@pytest.mark.parametrize("owner", ["con", "Bob.", "a@b.c", "é" * 150])
def test_names_are_safe_everywhere_and_never_double(owner: str):
    names = [layout.video_stem(owner, prompt, f"video_{n:024d}") for n, prompt in enumerate(PROMPTS)]
    assert len({name.casefold() for name in names}) == len(names)
    for name in names:
        for part in name.split("/"):
            assert len(f"{part}.browser.mp4".encode()) <= 255
            assert not re.search(r'[\x00-\x1f<>:"/\\|?*]', part)
            assert not part.endswith((" ", "."))
            assert not re.fullmatch(r"(?i)(con|nul|prn|aux)(\..*)?", part)


def _files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_a_missing_or_damaged_file_is_named_and_the_rest_goes_on(
    alice: User, run: Callable, ran: Ran, tmp_path: Path
):
    there, gone, damaged = (finished_video(alice, prompt=name) for name in ("There", "Gone", "Damaged"))
    content = Path(there.file.path).read_bytes()
    Video.objects.update(sha256=hashlib.sha256(content).hexdigest(), byte_count=len(content))
    default_storage.delete(str(gone.file.name))
    Path(damaged.file.path).write_bytes(content[:100])

    with pytest.raises(CommandError, match="2 files could not be exported"):
        run("export_videos", "--all", "--output", tmp_path / "out")

    assert f"{gone.public_id}: videos/alice/gone-" in ran.err
    assert "its checksum differs" in ran.err
    assert len([name for name in _files(tmp_path / "out") if name.endswith(".mp4")]) == 1
    manifest = json.loads((tmp_path / "out" / "export.json").read_text())
    assert len(manifest["missing"]) == 2
    assert manifest["counts"]["videos"] == 3
    assert Entry.objects.get(action="downloaded").note.endswith("2 files are missing.")

    Video.objects.all().delete()
    run("import_videos", tmp_path / "out", "--dry-run")
    with pytest.raises(
        CommandError, match="1 of them"
    ):  # what is there is no video: it was made for this test
        run("import_videos", tmp_path / "out")
    assert {(each.state, each.error_code) for each in Video.objects.all()} == {(State.FAILED, "no_file")}


def test_a_full_disk_leaves_no_half_file(
    alice: User, run: Callable, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    video = finished_video(alice)
    Video.objects.update(sha256="", byte_count=10)
    usage = SimpleNamespace(free=1000)
    with monkeypatch.context() as patched:
        patched.setattr("videos.transfer.sinks.shutil.disk_usage", lambda path: usage)
        with pytest.raises(CommandError, match="not enough room"):
            run("export_videos", "--all", "--output", tmp_path / "out")
    put, calls = FolderSink._put, []

    def full(sink: FolderSink, path: str, chunks: object) -> object:
        calls.append(path)
        if path.endswith(".poster.webp"):
            raise OSError(errno.ENOSPC, "No space left on device")
        return put(sink, path, chunks)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(FolderSink, "_put", full)
        with pytest.raises(CommandError, match="No space left on device"):
            run("export_videos", "--all", "--output", tmp_path / "out")
    assert not (tmp_path / "out" / "export.json").exists()
    with pytest.raises(CommandError, match="not whole"):
        run("import_videos", tmp_path / "out")
    with pytest.raises(CommandError, match="another export, unfinished"):
        run("export_videos", "--owner", "alice", "--output", tmp_path / "out")
    run("export_videos", "--all", "--output", tmp_path / "out")
    assert not [name for name in _files(tmp_path / "out") if name.endswith(".part")]
    assert video.public_id.removeprefix("video_") in str(_files(tmp_path / "out"))
    with pytest.raises(CommandError, match="finished export already"):
        run("export_videos", "--all", "--output", tmp_path / "out")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("Dear")
    with pytest.raises(CommandError, match="is not empty"):
        run("export_videos", "--all", "--output", tmp_path / "mine")


def test_it_exports_what_was_asked_for(alice: User, bob: User, run: Callable, tmp_path: Path):
    VideoFactory(owner=alice, state=State.FAILED, prompt="Hers")
    VideoFactory(owner=bob, state=State.FAILED, prompt="His")
    secret = "sk-very-secret"
    alice.set_password(secret)
    alice.save()

    ran = run("export_videos", "--owner", "alice", "--dry-run")
    assert "1 videos" in ran.err
    run("export_videos", "--owner", "alice", "--output", tmp_path / "hers")

    text = "".join((tmp_path / "hers" / name).read_text() for name in _files(tmp_path / "hers"))
    assert "Hers" in text
    assert "His" not in text
    assert "bob" not in text
    assert alice.password not in text
    for options in (["--owner", "nobody"], ["--collection", "collection_x"]):
        with pytest.raises(CommandError, match="there is no"):
            run("export_videos", *options, "--output", tmp_path / "none")
