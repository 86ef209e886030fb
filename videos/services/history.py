"""What became of a video, for its page: its transitions, and what was sent for it."""

from videos.models import SubmissionRecord, Video, VideoTransition

MAX_SHOWN = 200


def transitions_of(video: Video) -> list[VideoTransition]:
    """Return the latest transitions of the video, oldest first."""
    latest = VideoTransition.objects.filter(video=video).order_by("-pk")[:MAX_SHOWN]
    return list(reversed(latest))


def submission_records_of(video: Video) -> list[SubmissionRecord]:
    """Return what was sent to ask a backend for the video, with the answers, newest first."""
    return list(SubmissionRecord.objects.filter(video=video).order_by("-pk"))
