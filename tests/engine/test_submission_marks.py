"""The number of the latest submission, kept outside the database: exact, and in no order of writing lower."""

import uuid
from pathlib import Path

import pytest
from django.core.cache import cache
from django.core.files.storage import FileSystemStorage

from videos.engine import submission_marks
from videos.engine.submission_marks import FOLDER, KEPT, MarksUnavailableError

OURS, OTHER = uuid.uuid4(), uuid.uuid4()


def _away(*args: object, **kwargs: object) -> None:
    raise OSError("no such host")


def test_there_is_none_at_first():
    assert submission_marks.latest(OURS) is None


def test_the_highest_is_the_latest_whatever_the_order():
    for number in (1, 3, 2):
        submission_marks.keep(OURS, number)

    assert submission_marks.latest(OURS) == 3


def test_the_storage_knows_it_when_the_cache_is_emptied():
    submission_marks.keep(OURS, 7)
    cache.clear()

    assert submission_marks.latest(OURS) == 7


def test_the_cache_knows_it_when_the_storage_is_emptied(media_root: Path):
    submission_marks.keep(OURS, 7)
    for mark in (media_root / FOLDER).iterdir():
        mark.unlink()

    assert submission_marks.latest(OURS) == 7


def test_a_late_writer_lowers_neither(media_root: Path):
    submission_marks.keep(OURS, 7)
    submission_marks.keep(OURS, 6)
    assert submission_marks.latest(OURS) == 7

    for mark in (media_root / FOLDER).iterdir():
        mark.unlink()
    assert submission_marks.latest(OURS) == 7


def test_a_cache_that_is_away_stops_nothing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cache, "get", _away)
    monkeypatch.setattr(cache, "set", _away)

    submission_marks.keep(OURS, 7)

    assert submission_marks.latest(OURS) == 7


@pytest.mark.parametrize("call", ["listdir", "save"])
def test_a_storage_that_is_away_is_an_error(monkeypatch: pytest.MonkeyPatch, call: str):
    monkeypatch.setattr(FileSystemStorage, call, _away)

    with pytest.raises(MarksUnavailableError, match="no such host"):
        submission_marks.keep(OURS, 7)


def test_few_files_are_kept_and_none_is_left_in_the_way(media_root: Path):
    submission_marks.keep(OTHER, 5)
    for number in range(3 * KEPT):
        submission_marks.keep(OURS, number)

    names = [path.name for path in (media_root / FOLDER).iterdir()]
    assert len([name for name in names if name.startswith(OURS.hex)]) == KEPT
    assert submission_marks.latest(OTHER) == 5, "another installation's are not ours to delete"


def test_two_installations_are_told_apart():
    submission_marks.keep(OTHER, 5)

    assert submission_marks.latest(OURS) is None
    assert submission_marks.has_others(OURS)
    assert not submission_marks.has_others(OTHER)
