"""How the file of a video is served: the original, or what plays everywhere."""

from videos.containers import MP4, container_of
from videos.media.file_response import StoredFile, readable_name
from videos.models import Video


def original_file(video: Video) -> StoredFile:
    """Return the file as the backend delivered it, to be saved under a name with its true suffix."""
    return _original(video, as_attachment=True)


def file_for_players(video: Video, *, as_attachment: bool) -> StoredFile:
    """Return the copy for browsers where there is one, else the original."""
    if not video.browser_file:
        return _original(video, as_attachment=as_attachment)
    name = f"{_name(video)}-browser{MP4.suffix}"
    return StoredFile(video.browser_file, MP4.content_type, name, as_attachment, video.browser_sha256)


def _original(video: Video, *, as_attachment: bool) -> StoredFile:
    container = container_of(video.file.name)
    name = _name(video) + container.suffix
    return StoredFile(video.file, container.content_type, name, as_attachment, video.sha256)


def _name(video: Video) -> str:
    return readable_name(video.prompt) or video.public_id
