"""Scales the frames of any clip to one size, upright, in one colour space."""

from __future__ import annotations

from av.filter import Graph
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Interpolation

from videos.media.decoder.clip import Clip
from videos.media.decoder.images import is_similar_aspect
from videos.media.decoder.inspection import display_size
from videos.media.decoder.stills import ACCURATE_SCALING

BT601, BT709 = 6, 1  # of FFmpeg's pixfmt.h, AVCOL_SPC_…
KNOWN_MATRICES = {BT709, 5, BT601, 7, 9}  # those that swscale supports

# FFmpeg's filters for each counterclockwise rotation (degrees).
ROTATION_FILTERS = {
    0: [],
    90: [("transpose", "cclock")],
    180: [("hflip", ""), ("vflip", "")],
    270: [("transpose", "clock")],
}


def color_matrix(frame: VideoFrame) -> int:
    """Return the colour matrix of `frame` (AVCOL_SPC_…): if it does not say, the one that browsers assume."""
    if frame.colorspace in KNOWN_MATRICES:
        return frame.colorspace
    return BT709 if frame.height >= 720 else BT601


class FrameScaler:
    """Scales the frames of `clip` to exactly `size` (pixels), upright, in limited-range yuv420p.

    `matrix` is the colour matrix to use. A frame of another aspect ratio fills the size and is cropped
    evenly. One that already matches is passed on untouched.
    """

    def __init__(self, clip: Clip, size: tuple[int, int], matrix: int) -> None:
        self._clip, self._size, self._matrix = clip, size, matrix
        self._graph: Graph | None = None
        self._format: tuple[object, ...] = ()

    def __call__(self, frame: VideoFrame) -> VideoFrame:
        """Return `frame` scaled, with its timestamp."""
        matrix = color_matrix(frame)
        is_full_range = frame.format.name.startswith("yuvj") or frame.color_range == 2
        frame = self._rotate_and_crop(frame)
        return frame.reformat(
            *self._size,
            format="yuv420p",
            src_colorspace=matrix,
            dst_colorspace=self._matrix,
            src_color_range=ColorRange.JPEG if is_full_range else ColorRange.MPEG,
            dst_color_range=ColorRange.MPEG,
            interpolation=Interpolation.LANCZOS | ACCURATE_SCALING,
            threads=1,
        )

    def _rotate_and_crop(self, frame: VideoFrame) -> VideoFrame:
        rotation = round(frame.rotation / 90) * 90 % 360
        format_ = frame.width, frame.height, frame.format.name, rotation
        if format_ != self._format:
            self._format, self._graph = format_, self._build_graph(frame, rotation)
        if self._graph is None:
            return frame
        pts, time_base = frame.pts, frame.time_base
        self._graph.vpush(frame)
        rotated = self._graph.vpull()
        rotated.pts, rotated.time_base = pts, time_base
        return rotated

    def _build_graph(self, frame: VideoFrame, rotation: int) -> Graph | None:
        """Return a filter graph for frames of this format, or None where there is nothing to do."""
        filters = list(ROTATION_FILTERS[rotation])
        displayed = display_size(self._clip, frame)
        if not is_similar_aspect(displayed, self._size):
            ratio = displayed[0] * self._size[1] / (displayed[1] * self._size[0])
            width, height = min(1.0, 1 / ratio), min(1.0, ratio)  # shares of the frame
            filters.append(("crop", f"w=iw*{width:.6f}:h=ih*{height:.6f}"))
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
