"""Which responses are compressed, and which are not."""

import gzip

import pytest
from django.urls import reverse

from tests.factories import VideoFactory
from videos.models import State

pytestmark = pytest.mark.django_db
GZIP = {"Accept-Encoding": "gzip"}


def test_a_page_is_compressed_for_clients_that_accept_it(as_alice):
    path = reverse("videos:library")
    plain, packed = as_alice.get(path), as_alice.get(path, headers=GZIP)
    assert "Content-Encoding" not in plain
    assert packed["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed["Vary"]
    assert len(packed.content) < len(plain.content) / 2
    assert b"</html>" in gzip.decompress(packed.content)


def test_its_length_tells_nothing(as_alice):
    lengths = {len(as_alice.get(reverse("videos:library"), headers=GZIP).content) for _ in range(12)}
    assert len(lengths) > 1


def test_static_text_is_compressed_where_nobody_collected_it(client):
    answer = client.get("/static/css/components.css", headers=GZIP)
    assert answer["Content-Encoding"] == "gzip"
    assert gzip.decompress(b"".join(answer.streaming_content)).endswith(b"}\n")
    answer.close()
    font = client.get("/static/fonts/instrument-sans-latin.woff2", headers=GZIP)
    assert "Content-Encoding" not in font
    font.close()


def test_a_video_is_sent_as_it_is(as_alice, alice, media_root):
    video = VideoFactory(owner=alice, state=State.COMPLETED)
    path = media_root / video.file.name
    path.parent.mkdir(parents=True)
    path.write_bytes(b"clip" * 1000)
    answer = as_alice.get(reverse("videos:file", args=[video.public_id]), headers=GZIP)
    assert "Content-Encoding" not in answer
    assert answer["Content-Length"] == "4000"
    assert b"".join(answer.streaming_content) == b"clip" * 1000
    answer.close()
