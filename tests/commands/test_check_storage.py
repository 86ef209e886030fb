"""check_storage: what does not fit is named, and mended without losing or paying anything."""

import hashlib
import os
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError
from django.utils import timezone

from tests.engine.conftest import backend as backend  # fixtures here too
from tests.engine.conftest import fake as fake
from tests.engine.conftest import sample_video as sample_video
from tests.engine.fake import FakeBackend
from tests.engine.storing import files_of
from tests.factories import ReferenceImageFactory, VideoFactory
from videos import lifecycle
from videos.backends.errors import RefusedError
from videos.engine import inline_results, stored_bytes
from videos.engine.file_check import repair, rows
from videos.engine.file_check.strays import check_strays
from videos.engine.store import folder_of, store
from videos.models import Backend, State, Video

pytestmark = pytest.mark.django_db

CONTENT = b"what was paid for" * 100


@pytest.fixture
def stored(backend: Backend, fake: FakeBackend, sample_video: bytes) -> Video:
    """A video that was really stored, with its poster and scrub sheet."""
    fake.content = [sample_video]
    video = VideoFactory(backend=backend, state=State.STORING)
    store(video.pk)
    video.refresh_from_db()
    assert files_of(video) == ["poster.webp", "scrub.jpg", "video.mp4"]
    return video


@pytest.fixture
def video(backend: Backend, fake: FakeBackend) -> Video:
    """A video with files of its own that nobody decodes."""
    video = VideoFactory(backend=backend, state=State.COMPLETED, file="", byte_count=len(CONTENT))
    folder = f"{folder_of(video)}/{'a' * 32}"
    Video.objects.filter(pk=video.pk).update(
        file=default_storage.save(f"{folder}/video.mp4", ContentFile(CONTENT)),
        poster=default_storage.save(f"{folder}/poster.webp", ContentFile(b"picture")),
        scrub_sheet=default_storage.save(f"{folder}/scrub.jpg", ContentFile(b"pictures")),
        sha256=hashlib.sha256(CONTENT).hexdigest(),
    )
    video.refresh_from_db()
    return video


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are looked at seven hours from now, when none of them is young any more."""
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + 7 * 3600)


def _on_disk(name: str | None) -> Path:
    return Path(default_storage.path(str(name)))


def _quarantined() -> list[str]:
    folder = _on_disk("quarantine")
    return sorted(
        path.relative_to(folder).as_posix().partition("/")[2] for path in folder.rglob("*") if path.is_file()
    )


def test_a_whole_studio_agrees(run, video: Video, later: None):
    default_storage.save("studio/submissions/mark", ContentFile(b""))
    default_storage.save("health/probe", ContentFile(b"ok"))
    default_storage.save("quarantine/2026-01-01/odd.mp4", ContentFile(b"set aside"))
    stored_bytes.discard(default_storage.save(f"{folder_of(video)}/old/video.mp4", ContentFile(b"gone")))

    assert "Storage and database agree: 1 rows" in run("check_storage", "--deep").out


@pytest.mark.parametrize(
    ("harm", "options", "told"),
    [
        (lambda path: path.unlink(), [], "is missing"),
        (lambda path: path.write_bytes(b""), [], "is empty"),
        (lambda path: os.truncate(path, 100), [], "has another size than was stored"),
        (lambda path: path.write_bytes(b"\0" * path.stat().st_size), ["--deep"], "has another content"),
    ],
    ids=["missing", "empty", "cut", "changed"],
)
def test_what_is_wrong_with_an_original_is_named(run, ran, video: Video, harm, options: list[str], told: str):
    harm(_on_disk(video.file.name))

    with pytest.raises(CommandError, match="Nothing was changed"):
        run("check_storage", *options)

    assert f"{video.file.name}, the file of video {video.public_id}, {told}" in ran.out
    assert "1 found: 1 " in ran.out


def test_a_damaged_original_is_downloaded_again_and_kept_in_quarantine(
    run, stored: Video, fake: FakeBackend, sample_video: bytes
):
    damaged = str(stored.file.name)
    _on_disk(damaged).write_bytes(b"\0" * len(sample_video))

    out = run("check_storage", "--repair", "--yes", "--deep").out

    assert "download it from the backend again, which is free" in out
    assert "All 1 were mended." in out
    stored.refresh_from_db()
    assert _on_disk(stored.file.name).read_bytes() == sample_video
    assert (stored.state, stored.sha256) == (State.COMPLETED, hashlib.sha256(sample_video).hexdigest())
    assert fake.created == []  # nothing was paid for
    assert _quarantined() == [damaged]
    assert "agree" in run("check_storage", "--deep").out


def test_checksums_are_compared_only_where_that_was_asked_for(run, video: Video):
    path = _on_disk(video.file.name)
    path.write_bytes(b"\0" * path.stat().st_size)

    assert "agree" in run("check_storage").out


def test_all_of_a_videos_files_come_back(run, ran, stored: Video, sample_video: bytes):
    for name in (stored.file.name, stored.poster.name, stored.scrub_sheet.name):
        _on_disk(name).unlink()

    assert "All 3 were mended." in run("check_storage", "--repair", "--yes").out
    told = f"{stored.poster.name}, the poster of video {stored.public_id}, is missing → make it again"
    assert told in ran.out
    assert files_of(stored) == ["poster.webp", "scrub.jpg", "video.mp4"]
    assert _quarantined() == []


def test_what_nobody_has_any_more_is_named_and_left(run, ran, video: Video, fake: FakeBackend):
    fake.content = RefusedError("There is no such job.", code="not_found", status=404)
    image = ReferenceImageFactory(owner=video.owner, file="references/1/ref_x.jpg")
    _on_disk(video.file.name).write_bytes(b"half")

    with pytest.raises(CommandError, match="2 of 2 could not be mended"):
        run("check_storage", "--repair", "--yes")

    assert "The backend does not deliver it: There is no such job." in ran.out
    assert f"image {image.public_id}, is missing" in ran.out
    assert "Restore it from a backup." in ran.out
    assert _on_disk(video.file.name).read_bytes() == b"half"  # not even that is thrown away
    video.refresh_from_db()
    assert video.state == State.COMPLETED


def test_files_without_rows_are_moved_not_deleted(run, ran, video: Video, later: None):
    gone = VideoFactory(owner=video.owner)
    stray = default_storage.save(f"{folder_of(gone)}/{'0' * 32}/video.mp4", ContentFile(b"paid for"))
    lifecycle.cancel(gone.pk)
    Video.objects.filter(pk=gone.pk).delete()
    odd = default_storage.save("references/9/ref_nobody.jpg", ContentFile(b"x"))
    partial = default_storage.save(".partial/abandoned", ContentFile(b"x"))
    left = default_storage.save(f"{folder_of(video)}/{'1' * 32}/video.mp4", ContentFile(b"x"))

    with pytest.raises(CommandError):
        run("check_storage")
    assert f"{stray} belongs to no row" in ran.out
    assert f"{partial} was never finished" in ran.out
    assert "4 found: 3 belongs to no row; 1 was never finished." in ran.out
    assert _quarantined() == []

    run("check_storage", "--repair", "--yes")

    assert _quarantined() == sorted([stray, odd, partial, left])
    assert files_of(video) == ["poster.webp", "scrub.jpg", "video.mp4"]
    assert not _on_disk(folder_of(gone)).exists()
    assert "agree" in run("check_storage").out


def test_young_files_are_left_because_a_store_may_be_under_way(run, video: Video):
    default_storage.save("videos/1/video_unknown/token/video.mp4", ContentFile(b"x"))

    assert "agree" in run("check_storage").out


def test_files_of_a_video_under_way_and_undelivered_results_are_left(run, backend: Backend, later: None):
    storing = VideoFactory(backend=backend, state=State.STORING)
    default_storage.save(f"{folder_of(storing)}/{'2' * 32}/video.mp4", ContentFile(b"x"))
    failed = VideoFactory(backend=backend, state=State.FAILED)
    received = f"{folder_of(failed)}/received-{'3' * 32}/video.mp4"
    default_storage.save(received, ContentFile(b"the only copy"))
    assert inline_results.is_result(received.split("/")[3])

    assert "agree" in run("check_storage").out


def test_what_fits_again_meanwhile_is_not_touched(video: Video, later: None):
    """Found, and then put back by somebody else; or deleted by its owner."""
    path = _on_disk(video.file.name)
    path.unlink()
    (finding,) = rows.check_rows(rows.Progress())
    path.write_bytes(CONTENT)
    assert repair.Repair().mend(finding) is False
    path.unlink()
    Video.objects.filter(pk=video.pk).update(deleted_at=timezone.now())
    assert repair.Repair().mend(finding) is False
    assert list(rows.check_rows(rows.Progress())) == []

    name = default_storage.save("videos/1/video_late/token/video.mp4", ContentFile(b"x"))
    (stray,) = [each for each in check_strays() if each.name == name]
    VideoFactory(owner=video.owner, state=State.COMPLETED, public_id="video_late", file=name)
    assert repair.Repair().mend(stray) is False
    assert _on_disk(name).exists()


def test_a_file_that_a_row_names_while_it_is_moved_is_moved_back(
    video: Video, later: None, monkeypatch: pytest.MonkeyPatch
):
    name = default_storage.save("videos/1/video_late/token/video.mp4", ContentFile(b"x"))
    (stray,) = [each for each in check_strays() if each.name == name]
    move = repair.Repair._set_aside

    def name_it_meanwhile(self: repair.Repair, moved: str) -> None:
        move(self, moved)
        VideoFactory(owner=video.owner, state=State.COMPLETED, public_id="video_late", file=name)

    monkeypatch.setattr(repair.Repair, "_set_aside", name_it_meanwhile)
    assert repair.Repair().mend(stray) is False
    assert _on_disk(name).read_bytes() == b"x"
    assert _quarantined() == []


def test_a_row_that_changes_while_its_file_is_fetched_keeps_what_it_names(
    stored: Video, sample_video: bytes, monkeypatch: pytest.MonkeyPatch
):
    _on_disk(stored.file.name).unlink()
    (finding,) = rows.check_rows(rows.Progress())
    naming = rows.naming

    def change_first(found: repair.FileFinding) -> object:
        Video.objects.filter(pk=stored.pk).update(file="videos/another.mp4")
        return naming(found)

    monkeypatch.setattr(rows, "naming", change_first)
    assert repair.Repair().mend(finding) is False
    stored.refresh_from_db()
    assert stored.file.name == "videos/another.mp4"
    assert files_of(stored) == ["poster.webp", "scrub.jpg"]  # what was fetched is gone again


def test_a_row_that_is_read_before_its_file_moves_is_looked_at_again(
    video: Video, monkeypatch: pytest.MonkeyPatch
):
    """Between reading the row and looking at the file, a repair beside this one gave it another name."""
    real = rows.look_at

    def look(name: str, *args: object, **options: object):
        if name == video.file.name:
            moved = name.replace("video.mp4", "again.mp4")
            if not _on_disk(moved).exists():
                _on_disk(name).rename(_on_disk(moved))
                Video.objects.filter(pk=video.pk).update(file=moved)
        return real(name, *args, **options)

    monkeypatch.setattr(rows, "look_at", look)

    assert list(rows.check_rows(rows.Progress())) == []


def test_it_asks_first_and_no_is_no(run, ran, video: Video, monkeypatch: pytest.MonkeyPatch):
    _on_disk(video.poster.name).unlink()
    monkeypatch.setattr("builtins.input", lambda question: "n")

    with pytest.raises(CommandError, match=r"Nothing was changed\."):
        run("check_storage", "--repair")

    assert "1 to be mended: make it again from the original" in ran.out
    assert not _on_disk(video.poster.name).exists()


def test_it_can_be_limited_and_continued(run, ran, backend: Backend):
    lost = [VideoFactory(backend=backend, state=State.COMPLETED) for _ in range(3)]

    with pytest.raises(CommandError):
        run("check_storage", "--limit", "2")
    assert "There may be more: it stopped after 2." in ran.out
    assert lost[2].public_id not in ran.out

    with pytest.raises(CommandError):
        run("check_storage", "--after", str(lost[1].pk))
    assert "1 found" in ran.out
    assert lost[2].public_id in ran.out


def test_ctrl_c_says_how_to_go_on(run, video: Video, monkeypatch: pytest.MonkeyPatch):
    def interrupt(older_than: timedelta) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(
        "videos.management.commands.check_storage.check_strays", lambda age: (interrupt(age) for _ in "x")
    )

    with pytest.raises(CommandError, match=f"--after {video.pk} goes on") as stopped:
        run("check_storage")
    assert stopped.value.returncode == 130


def test_names_that_no_database_stores_do_not_stop_it(run, ran, video: Video, later: None):
    folder = _on_disk("videos/1")
    folder.mkdir(parents=True, exist_ok=True)
    Path(os.fsdecode(os.fsencode(folder) + b"/bad-\xff\n.mp4")).write_bytes(b"x")

    run("check_storage", "--repair", "--yes")

    assert "belongs to no row" in ran.out
    assert len(_quarantined()) == 1
