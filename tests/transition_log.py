"""Whether the log of transitions tells of a video what its row says."""

from itertools import pairwise

from videos.models import State, Video, VideoTransition


def find_gap(video: Video) -> str:
    """Return where the video's log breaks off, or differs from its row; empty where it is whole."""
    rows = list(VideoTransition.objects.filter(video=video.pk))
    if not rows:
        return "no log"
    for earlier, later in pairwise(rows):
        if earlier.new != later.old:
            return f"{earlier}, and then {later}"
    last = rows[-1].new
    return "" if last == video.state else f"the log ends with {last}, the row is {State(video.state)}"
