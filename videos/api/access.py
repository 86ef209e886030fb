"""The videos that a caller of either API may name."""

from django.db.models import QuerySet

from videos.api.auth import Caller
from videos.api.errors import not_found
from videos.models import Video
from videos.validation import is_public_id


def filter_own_videos(caller: Caller, public_id: str) -> QuerySet[Video]:
    """Return the caller's own video with that id, or none. PostgreSQL rejects a query that holds a NUL."""
    own = Video.objects.owned_by(caller.user)
    return own.filter(public_id=public_id) if is_public_id(public_id) else own.none()


def get_visible_video(caller: Caller, public_id: str) -> Video:
    """Return a video that the caller may look at: one's own, or one that is shared. Raises `ApiError` 404."""
    visible = Video.objects.visible_to(caller.user).select_related("backend", "owner")
    video = visible.filter(public_id=public_id).first() if is_public_id(public_id) else None
    if video is None:
        raise not_found("Video", public_id)
    return video


def get_own_video(caller: Caller, public_id: str) -> Video:
    """Return the caller's own video.

    Raises `ApiError` 404 for anyone else's, a deleted or an unknown one, for staff too.
    """
    video = filter_own_videos(caller, public_id).select_related("backend").first()
    if video is None:
        raise not_found("Video", public_id)
    return video
