"""A folder of video files, with whatever stands beside them, becomes somebody's videos."""

import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.management.base import CommandError

from accounts.models import Role, User
from tests.commands.conftest import Ran
from videos.models import Collection, State, Video

pytestmark = pytest.mark.django_db


def test_every_video_becomes_one_with_what_is_told_of_it(
    alice: User, run: Callable, ran: Ran, tmp_path: Path, clips: list[bytes]
):
    spot = Collection.objects.create(owner=alice, name="Old work")
    folder = tmp_path / "in"
    (folder / "deep").mkdir(parents=True)
    (folder / "Boat.MP4").write_bytes(clips[0])
    told = {
        "prompt": "A boat",
        "model": "veo-9",
        "tags": ["sea", "Keep"],
        "created_at": "2025-05-01T10:00:00Z",
    }
    (folder / "boat.json").write_text(json.dumps(told))
    (folder / "deep" / "kite.mp4").write_bytes(clips[1])
    (folder / "deep" / "kite.mp4.txt").write_text("title: A kite\ntags: sky, keep\ncreated: 2025-06-01\n")
    (folder / "A plain one.mov").write_bytes(clips[2])
    (folder / "._Boat.MP4").write_bytes(b"junk of a Mac")
    (folder / "empty.mp4").write_bytes(b"")
    (folder / "half.mp4").write_bytes(clips[3][:300])
    (folder / "bad.mp4").write_bytes(clips[4])
    (folder / "bad.json").write_text('{"prompt": 7}')
    options = ("--owner", "alice", "--collection", "Old work", "--tags", "archive")

    with pytest.raises(CommandError, match="3 of them would not be imported"):
        run("import_videos", folder, *options, "--dry-run")
    assert not Video.objects.exists()
    with pytest.raises(CommandError, match="3 of them were not imported"):
        run("import_videos", folder, *options)
    with pytest.raises(CommandError, match="3 of them"):
        run("import_videos", folder, *options)  # again: nothing twice

    found = {each.prompt: each for each in Video.objects.all()}
    assert set(found) == {"A boat", "A kite", "A plain one"}
    boat = found["A boat"]
    assert (boat.state, boat.model, boat.owner) == (State.COMPLETED, "veo-9", alice)
    assert boat.created_at == datetime(2025, 5, 1, 10, tzinfo=UTC) == boat.finished_at
    assert sorted(tag.name for tag in boat.tags.all()) == ["Keep", "archive", "sea"]
    assert boat.poster
    assert (boat.width, boat.size) == (64, "64x36")
    assert found["A kite"].created_at == datetime(2025, 6, 1, tzinfo=UTC)
    assert alice.tags.filter(name__iexact="keep").count() == 1
    assert spot.items.count() == 3
    assert "empty.mp4: " in ran.err
    assert "bad.json: prompt must be a text" in ran.err


def test_the_download_of_a_selection_is_such_a_folder(
    alice: User, run: Callable, tmp_path: Path, clips: list[bytes]
):
    from videos.views.zip_export import archive, sidecar_for

    (tmp_path / "one.mp4").write_bytes(clips[0])
    with zipfile.ZipFile(tmp_path / "one.zip", "w") as opened:
        opened.writestr("A boat.mp4", clips[0])
        opened.writestr(
            "A boat.json", json.dumps({"prompt": "A boat\nat sea", "tags": ["sea"], "note": "Mine"})
        )
    run("import_videos", tmp_path / "one.zip", "--owner", "alice")
    video = Video.objects.get()
    assert (video.prompt, video.note) == ("A boat\nat sea", "Mine")

    (tmp_path / "two.zip").write_bytes(b"".join(archive([video], alice)))
    told = sidecar_for(alice, video)
    Video.objects.all().delete()
    run("import_videos", tmp_path / "two.zip", "--owner", "alice")
    again = sidecar_for(alice, Video.objects.get())
    assert {key for key in told if told[key] != again[key]} <= {"id", "backend"}


def test_it_asks_whose_they_are(alice: User, run: Callable, tmp_path: Path):
    (tmp_path / "a.mp4").write_bytes(b"x")
    with pytest.raises(CommandError, match="--owner: say whose"):
        run("import_videos", tmp_path)
    User.objects.filter(pk=alice.pk).update(role=Role.VIEWER)
    with pytest.raises(CommandError, match="a viewer"):
        run("import_videos", tmp_path, "--owner", "alice")
    with pytest.raises(CommandError, match="Give a folder"):
        run("import_videos")
    with pytest.raises(CommandError, match="neither"):
        run("import_videos", tmp_path / "nowhere", "--owner", "alice")
