"""Frames of any clip brought to one size, upright, in one colour space."""

from __future__ import annotations

from av.filter import Graph
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Interpolation

from videos.media.clip import Clip
from videos.media.inspect import shown_size
from videos.media.poster import EXACT
from videos.media.reference import same_shape

BT601, BT709 = 6, 1  # of FFmpeg's pixfmt.h, AVCOL_SPC_…
KNOWN = {BT709, 5, BT601, 7, 9}  # what swscale has numbers for

# By how far the picture is to be turned against the clock.
TURNS = {
    0: [],
    90: [("transpose", "cclock")],
    180: [("hflip", ""), ("vflip", "")],
    270: [("transpose", "clock")],
}


def matrix_of(frame: VideoFrame) -> int:
    """Return which colour matrix `frame` uses; where it does not say, the one that browsers assume."""
    if frame.colorspace in KNOWN:
        return frame.colorspace
    return BT709 if frame.height >= 720 else BT601


class FrameScaler:
    """Brings the frames of `clip` to exactly `size`, in yuv420p of limited range with the colour `matrix`.

    Filling it and cut evenly where the shape is another. A frame that is so already is passed on untouched.
    """

    def __init__(self, clip: Clip, size: tuple[int, int], matrix: int) -> None:
        self._clip, self._size, self._matrix = clip, size, matrix
        self._graph: Graph | None = None
        self._kind: tuple[object, ...] = ()

    def __call__(self, frame: VideoFrame) -> VideoFrame:
        matrix, full = matrix_of(frame), frame.format.name.startswith("yuvj") or frame.color_range == 2
        frame = self._turned_and_cut(frame)
        return frame.reformat(
            *self._size,
            format="yuv420p",
            src_colorspace=matrix,
            dst_colorspace=self._matrix,
            src_color_range=ColorRange.JPEG if full else ColorRange.MPEG,
            dst_color_range=ColorRange.MPEG,
            interpolation=Interpolation.LANCZOS | EXACT,
            threads=1,
        )

    def _turned_and_cut(self, frame: VideoFrame) -> VideoFrame:
        rotation = round(frame.rotation / 90) * 90 % 360
        kind = frame.width, frame.height, frame.format.name, rotation
        if kind != self._kind:
            self._kind, self._graph = kind, self._graph_for(frame, rotation)
        if self._graph is None:
            return frame
        pts, time_base = frame.pts, frame.time_base
        self._graph.vpush(frame)
        turned = self._graph.vpull()
        turned.pts, turned.time_base = pts, time_base
        return turned

    def _graph_for(self, frame: VideoFrame, rotation: int) -> Graph | None:
        """A graph of FFmpeg's filters for frames of this kind; None where there is nothing to do."""
        filters = list(TURNS[rotation])
        shown = shown_size(self._clip, frame)
        if not same_shape(shown, self._size):
            wider = shown[0] * self._size[1] / (shown[1] * self._size[0])
            across, down = min(1.0, 1 / wider), min(1.0, wider)
            filters.append(("crop", f"w=iw*{across:.6f}:h=ih*{down:.6f}"))
        if not filters:
            return None
        graph = Graph()
        nodes = [
            graph.add_buffer(
                width=frame.width, height=frame.height, format=frame.format, time_base=self._clip.time_base
            ),
            *(graph.add(name, arguments) for name, arguments in filters),
            graph.add("buffersink"),
        ]
        graph.link_nodes(*nodes).configure()
        return graph
