from __future__ import annotations

from collections.abc import Iterator

import pytest
from av.video.frame import VideoFrame

from tests.media.conftest import VideoMaker
from videos.media.decoder import clip as clip_module
from videos.media.decoder.clip import Clip, frames_within, open_clip


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[VideoFrame]:
    """Every frame that was taken from the decoder."""
    frames: list[VideoFrame] = []
    original = clip_module.decode_valid_frames

    def counted(clip: Clip) -> Iterator[VideoFrame]:
        for frame in original(clip):
            frames.append(frame)
            yield frame

    monkeypatch.setattr(clip_module, "decode_valid_frames", counted)
    return frames


def test_it_leaps_from_keyframe_to_keyframe(make_video: VideoMaker, decoded: list[VideoFrame]) -> None:
    video = make_video("leaps.mp4", size=(64, 64), count=480, keyframe_every=10, audio=False)

    with open_clip(video) as clip:
        found = list(frames_within(clip, [(second, second + 0.9) for second in range(1, 20)]))

    assert [int(frame.time) for frame in found] == list(range(1, 20))
    # From a keyframe at most ten frames before each moment, and the very first frame.
    assert len(decoded) <= 19 * 10 + 1


def test_it_decodes_nothing_twice(make_video: VideoMaker, decoded: list[VideoFrame]) -> None:
    video = make_video("one-keyframe.mp4", size=(64, 64), count=240, keyframe_every=1000, audio=False)

    with open_clip(video) as clip:
        found = list(frames_within(clip, [(second, second + 0.4) for second in range(1, 9)]))

    assert len(found) == 8
    assert len(decoded) <= 240
