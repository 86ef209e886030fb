"""Responses of the REST API that are files."""

from django.http import HttpResponse
from django.http.response import HttpResponseBase

from videos.api.downloads import send_file
from videos.api.errors import ApiError
from videos.api.rest.api import Request
from videos.api.rest.schemas import Output
from videos.media.file_response import POSTER_TYPE, SCRUB_TYPE, StoredFile, picture_response
from videos.models import IN_FLIGHT, State, Video
from videos.services.candidates import candidate_picture, find_candidate
from videos.services.stored_files import file_for_players, original_file


def download_response(request: Request, video: Video, output: Output) -> HttpResponseBase:
    """Respond with a file of a completed video. Raises `ApiError`."""
    _require_file(video)
    try:
        return _file(request, video, output)
    except FileNotFoundError as error:
        raise ApiError(404, "no_file", f"This video has no {output}.", param="output_type") from error


def thumbnail_response(video: Video, candidate_id: int) -> HttpResponse:
    """Respond with the picture of one of the video's candidates. Raises `ApiError`."""
    candidate = find_candidate(video, candidate_id)
    picture = candidate_picture(candidate) if candidate is not None else b""
    if not picture:
        raise ApiError(404, "no_file", "There is no picture of this job, or none yet.")
    return picture_response(picture)


def _require_file(video: Video) -> None:
    if video.state in IN_FLIGHT:
        raise ApiError(409, "not_finished", f"This video is {video.status}; ask again when it is completed.")
    if video.state != State.COMPLETED:
        raise ApiError(410, "no_file", f"This video is {video.status}: there is no file of it.")


def _file(request: Request, video: Video, output: Output) -> HttpResponseBase:
    if output == "thumbnail":
        return send_file(request, StoredFile(video.poster, POSTER_TYPE))
    if output == "spritesheet":
        return send_file(request, StoredFile(video.scrub_sheet, SCRUB_TYPE))
    if output == "browser":
        return send_file(request, file_for_players(video, as_attachment=True))
    return send_file(request, original_file(video))
