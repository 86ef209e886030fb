"""“Best first” is read from an index of the rated ones, and then from those that are not rated."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import VideoFactory
from videos.models import Video
from videos.models.keyset import Position
from videos.views.search import SORTS

pytestmark = pytest.mark.django_db
ORDER = SORTS["best"].order


@pytest.fixture
def rated(alice) -> list[Video]:
    """Videos from the best to the worst, those made last first."""
    ratings = [None, 3, 5, None, 3, 1, None, 5]
    videos = [VideoFactory(owner=alice, rating=rating) for rating in ratings]
    return sorted(videos, key=lambda video: (video.rating or 0, video.pk), reverse=True)


@pytest.mark.parametrize("size", [1, 3, 8])
def test_it_goes_on_from_every_place_in_both_directions(rated: list[Video], size: int):
    keys = [video.pk for video in rated]
    assert ORDER.keys(Video.objects.all(), size) == keys[:size]
    for place, video in enumerate(rated):
        position = Position(video.pk, video.rating or 0)
        assert ORDER.position_of(Video.objects.filter(pk=video.pk)) == position
        after = ORDER.keys(Video.objects.all(), size, position=position)
        before = ORDER.keys(Video.objects.all(), size, position=position, backwards=True)
        assert after == keys[place + 1 :][:size]
        assert before == keys[:place][::-1][:size]


def test_a_page_of_rated_ones_reads_no_others(rated: list[Video]):
    with CaptureQueriesContext(connection) as queries:
        ORDER.keys(Video.objects.all(), 5)
    assert len(queries) == 1
    assert '"rating" IS NOT NULL' in queries[0]["sql"]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL reads so few rows without an index")
def test_the_index_answers(rated: list[Video], alice):
    for rows, index in (
        (Video.objects.filter(owner=alice), "video_rated"),
        (Video.objects.filter(deleted_at=None, trashed_at=None), "video_team_rated"),
    ):
        with CaptureQueriesContext(connection) as queries:
            ORDER.keys(rows, 5)
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {queries[0]['sql']}")
            assert f"INDEX {index}" in str(cursor.fetchall())
