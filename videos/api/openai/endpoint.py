"""How the Videos API is answered: the caller first, and whatever goes wrong in the protocol's shape."""

import json
import logging
from collections.abc import Callable, Mapping

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.http.request import UnreadablePostError
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.views.decorators.csrf import csrf_exempt

from videos.api.auth import Caller, authenticate
from videos.api.errors import (
    ApiError,
    database_unavailable,
    from_validation,
    is_database_unavailable,
    not_found,
)
from videos.api.openai import requests
from videos.api.openai.requests import PUBLIC_ID
from videos.models import Video

logger = logging.getLogger(__name__)

_WIRE_NAMES = {"reference": "input_reference"}

Endpoint = Callable[..., HttpResponseBase]


def door(**endpoints: Endpoint) -> Endpoint:
    """Return the view that answers each method with its endpoint, called with the request, the caller and
    what the path holds. Whatever goes wrong is answered in the protocol's shape.
    """

    @login_not_required  # `authenticate` answers in the protocol's shape
    @csrf_exempt  # `authenticate` asks for the CSRF token where a cookie is all there is
    def view(request: HttpRequest, **parts: str) -> HttpResponseBase:
        try:
            response = _answered(request, endpoints, parts)
        except ApiError as error:
            response = error.response()
        except Exception as error:
            if is_database_unavailable(error):
                logger.warning("The database cannot be used: %s", error)
                response = database_unavailable().response()
            else:
                logger.exception("%s %s broke", request.method, request.path)
                response = ApiError(500, "server_error", "The studio stumbled over this request.").response()
        if not response.has_header("Cache-Control"):
            response["Cache-Control"] = "no-store"
        patch_vary_headers(response, ["Authorization", "Cookie"])
        return response

    return view


def _answered(
    request: HttpRequest, endpoints: dict[str, Endpoint], parts: dict[str, str]
) -> HttpResponseBase:
    endpoint = endpoints.get("GET" if request.method == "HEAD" else str(request.method))
    if endpoint is None:
        message = f"Not allowed to {request.method} on {request.path[:200]}."
        raise ApiError(405, "method_not_allowed", message, headers={"Allow": ", ".join(endpoints)})
    requests.check_length(request)
    try:
        return endpoint(request, authenticate(request), **parts)
    except ValidationError as error:
        raise from_validation(error, status=400, names=_WIRE_NAMES) from error
    except RequestDataTooBig as error:
        message = "The form's text is too large: send a picture or a video as a file, or the request as JSON."
        raise requests.too_large(message) from error
    except (MultiPartParserError, SuspiciousOperation, BadRequest, UnreadablePostError) as error:
        raise ApiError(400, "invalid_body", f"The form could not be read: {error}"[:300]) from error


@login_not_required
@csrf_exempt
def nothing(request: HttpRequest) -> HttpResponse:
    """What is not part of the API."""
    message = f"Invalid URL ({request.method} {request.path[:200]})."
    return ApiError(404, "unknown_url", message).response()


def reply(body: Mapping[str, object], headers: Mapping[str, str] | None = None) -> HttpResponse:
    """Return a JSON answer. All values are plain, so Django's own encoder, which is slower, is not needed."""
    return HttpResponse(json.dumps(body), content_type="application/json", headers=dict(headers or {}))


def own(caller: Caller, public_id: str) -> QuerySet[Video]:
    """Return one's own video with that id, or nothing. PostgreSQL takes no NUL, not even to look for one."""
    mine = Video.objects.visible_to(caller.user)
    return mine.filter(public_id=public_id) if PUBLIC_ID.fullmatch(public_id) else mine.none()


def own_video(caller: Caller, public_id: str) -> Video:
    """Return one's own video. Raises `ApiError` for another's, a deleted or an unknown one."""
    video = own(caller, public_id).select_related("backend").first()
    if video is None:
        raise not_found("Video", public_id)
    return video
