"""What became of a video's state, for its page."""

from videos.models import Video, VideoTransition

MAX_SHOWN = 200


def transitions_of(video: Video) -> list[VideoTransition]:
    """Return the latest transitions of the video, oldest first."""
    latest = VideoTransition.objects.filter(video=video).order_by("-pk")[:MAX_SHOWN]
    return list(reversed(latest))
