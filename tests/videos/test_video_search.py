"""The index of prompts finds what reading them would find, whatever has become of it."""

import random
from time import perf_counter

import pytest
from django.db import connection

from accounts.models import User
from contentgen.text_search import parse_search
from tests.factories import VideoFactory
from videos.models import Video, search_schema, video_search
from videos.models.search_text import folded_text

pytestmark = pytest.mark.django_db

# Few letters, so that parts of words, phrases and operators meet by chance.
_LETTERS = "aéSß 京東🦊-\"%_'*"
_RANDOM = random.Random(7)


def _some_text(length: int) -> str:
    return "".join(_RANDOM.choice(_LETTERS) for _ in range(length))


TEXTS = [_some_text(12) for _ in range(60)]
QUERIES = [_some_text(length) for length in range(1, 13) for _ in range(12)]


def _found(query: str) -> set[int]:
    return set(Video.objects.all().search(query).values_list("pk", flat=True))


def _read(query: str) -> set[int]:
    terms = parse_search(query)
    return {video.pk for video in Video.objects.all() if terms.fit(folded_text(video.prompt))}


def test_the_index_finds_what_reading_finds(alice: User, monkeypatch):
    for text in TEXTS:
        VideoFactory(owner=alice, prompt=text)

    expected = {query: _read(query) for query in QUERIES}
    assert any(expected.values())
    assert {query: _found(query) for query in QUERIES} == expected
    monkeypatch.setattr(video_search, "_FEW", 3)
    assert {query: _found(query) for query in QUERIES} == expected


@pytest.mark.parametrize(
    "query", ['"', '""" OR *', "NEAR(fox snow)", "search_text:fox", "fox\x00", "\\", "{}"]
)
def test_no_operator_of_a_database_is_one_of_ours(alice: User, query: str):
    VideoFactory(owner=alice, prompt="fox in the snow")

    assert _found(f"{query} fox") == _read(f"{query} fox")
    assert _found(query) == _read(query)


def test_what_is_changed_past_the_model_is_found_as_it_is(alice: User):
    kept, changed, gone = (VideoFactory(owner=alice, prompt=f"{name} heron") for name in ("a", "b", "c"))
    Video.objects.filter(pk=changed.pk).update(prompt="A stork", search_text="a stork")
    Video.objects.filter(pk=gone.pk).delete()

    assert _found("heron") == {kept.pk}
    assert _found("stork") == {changed.pk}
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT video_id FROM videos_videotext ORDER BY 1")
            assert cursor.fetchall() == [(kept.pk,), (changed.pk,)]


def test_a_word_too_short_for_the_index_is_looked_for_in_the_newest(alice: User, monkeypatch):
    videos = [VideoFactory(owner=alice, prompt=f"京 {number}") for number in range(3)]
    monkeypatch.setattr(video_search, "NEWEST", 2)

    assert _found("京") == {video.pk for video in videos[1:]}
    assert _found("-x") == {video.pk for video in videos[1:]}


def test_ten_kilobytes_are_answered_as_fast_as_a_word(alice: User):
    for number in range(30):
        VideoFactory(owner=alice, prompt=f"{number} " + "fox " * 2000)
    began = perf_counter()

    for query in ("a" * 10_000, "ab " * 3_400, '"' * 10_000, "-a " * 3_400, "京 " * 5_000):
        _found(query)

    assert perf_counter() - began < 2


@pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite loses triggers")
def test_triggers_that_a_migration_dropped_are_made_again_with_what_was_missed(alice: User):
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER videos_video_search_insert")
    video = VideoFactory(owner=alice, prompt="Unseen heron")
    assert _found("heron") == set()
    assert search_schema.missing_index(connection)

    search_schema.ensure_search_index()

    assert _found("heron") == {video.pk}
    assert search_schema.missing_index(connection) == ""


@pytest.mark.skipif(connection.vendor != "sqlite", reason="FTS5 is a part of SQLite")
def test_without_fts5_the_same_is_found_and_writing_goes_on(alice: User, monkeypatch):
    old = VideoFactory(owner=alice, prompt="Old heron")
    monkeypatch.setattr(search_schema, "_has_fts5", lambda connection: False)
    search_schema.ensure_search_index()
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE videos_video_search")
    new = VideoFactory(owner=alice, prompt="New heron")

    assert _found("heron") == {old.pk, new.pk}
    assert search_schema.missing_index(connection)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="pg_trgm is an extension of PostgreSQL")
def test_without_trigrams_the_same_is_found(alice: User):
    video = VideoFactory(owner=alice, prompt="A heron")
    assert search_schema.missing_index(connection) == ""
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX videos_videotext_trigrams")

    assert _found("heron") == {video.pk}
    assert search_schema.missing_index(connection)
