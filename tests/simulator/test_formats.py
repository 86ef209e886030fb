"""Content in formats that browsers may not play, and content that comes slowly."""

from __future__ import annotations

import io
import time

import av
import pytest

from tests.simulator.conftest import FPS, Simulator


@pytest.mark.parametrize(
    ("name", "media_type", "codec", "pixels", "container"),
    [
        ("hevc", "video/mp4", "hevc", "yuv420p", "mp4"),
        ("h264_10bit", "video/mp4", "h264", "yuv420p10le", "mp4"),
        ("prores", "video/quicktime", "prores", "yuv422p10le", "mov"),
        ("webm", "video/webm", "vp9", "yuv420p", "webm"),
        ("avi", "video/x-msvideo", "mjpeg", "yuvj420p", "avi"),
    ],
)
def test_content_comes_in_another_format(
    simulator: Simulator, name: str, media_type: str, codec: str, pixels: str, container: str
) -> None:
    job = simulator.create()
    simulator.inject_fault(on="content", kind="other_format", format=name, match="lake")
    reply = simulator.http.get(f"/v1/videos/{job['id']}/content")
    part = simulator.http.get(f"/v1/videos/{job['id']}/content", headers={"Range": "bytes=10-19"})

    assert (reply.status_code, reply.headers["content-type"]) == (200, media_type)
    assert (part.status_code, part.content) == (206, reply.content[10:20])
    with av.open(io.BytesIO(reply.content), "r") as video:
        stream = video.streams.video[0]
        assert container in video.format.name
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == (codec, pixels)
        assert (stream.width, stream.height) == (720, 1280)
        assert len(video.streams.audio) == 1
        assert len(list(video.decode(video=0))) == 4 * FPS


def test_a_thumbnail_stays_what_it_is(simulator: Simulator) -> None:
    job = simulator.create()
    thumbnail = simulator.content(job["id"], "thumbnail")
    simulator.inject_fault(on="content", kind="other_format")

    assert simulator.content(job["id"], "thumbnail") == thumbnail


def test_an_unknown_format_is_refused(simulator: Simulator) -> None:
    rule = {"on": "content", "kind": "other_format", "format": "vhs"}

    assert simulator.http.post("/_simulator/faults", json={"rules": [rule]}).status_code == 400


def test_content_drips_one_byte_at_a_time(simulator: Simulator) -> None:
    job = simulator.create()
    simulator.content(job["id"])
    simulator.inject_fault(on="content", kind="slow_content", bytes_per_second=1)
    began = time.monotonic()
    with simulator.http.stream("GET", f"/v1/videos/{job['id']}/content") as reply:
        pieces = reply.iter_raw()
        first, second = next(pieces), next(pieces)

    assert (len(first), len(second)) == (1, 1)
    assert time.monotonic() - began >= 0.9
