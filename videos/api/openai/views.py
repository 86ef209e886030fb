"""The Videos API itself: what was written for OpenAI's needs another base URL and a token of ours.

Answers and errors have the protocol's shape; what it leaves open, or this studio does in its own way, is said
at the endpoint that does so.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from videos.api import idempotency, pagination
from videos.api.auth import Caller
from videos.api.errors import ApiError, not_found
from videos.api.openai import requests, responses
from videos.api.openai.endpoint import own, own_video, reply
from videos.api.openai.requests import Fields
from videos.capabilities import available_offers
from videos.forms.generate import initial_values
from videos.media.file_response import POSTER_TYPE, SCRUB_TYPE, StoredFile, file_response
from videos.models import Character, Kind, State, Video
from videos.models.idempotency_record import RETENTION
from videos.models.video import public_status
from videos.services.derivations import edit_video, extend_video, remix_video
from videos.services.references import keep_reference
from videos.services.videos import GenerationRequest, create_video, delete_video

PAGE, MOST = 20, 100  # videos in a page
_VARIANTS = {
    "video": ("file", "video/mp4", "mp4"),
    "thumbnail": ("poster", POSTER_TYPE, "webp"),
    "spritesheet": ("scrub_sheet", SCRUB_TYPE, "jpg"),
}
# --- Videos ------------------------------------------------------------------------------------------------


def create(request: HttpRequest, caller: Caller) -> HttpResponse:
    """POST /videos. What is left out is what the studio's own form starts with, not the protocol's defaults:
    those name what a vendor offered. A reference image is cropped to the size, as in the form.
    """
    fields = requests.read(request)
    picture = requests.reference(fields)
    people = requests.characters(fields, _cast(caller, requests.character_ids(fields)))
    prompt = fields.needed("prompt")
    model, seconds, size = _choices(fields)

    def make() -> Video:
        image = keep_reference(caller.user, picture[1]) if picture else None
        return create_video(
            caller.user, GenerationRequest(prompt, model, seconds, size, image, characters=people)
        )

    asked = idempotency.fingerprint(
        "/v1/videos",
        {
            "prompt": prompt,
            "model": model,
            "seconds": seconds,
            "size": size,
            "characters": [each.public_id for each in people],
        },
        {"input_reference": picture[0]} if picture else None,
    )
    return _once(request, caller, asked, make)


def _choices(fields: Fields) -> tuple[str, int, str]:
    model, seconds, size = fields.text("model"), fields.whole("seconds"), fields.text("size")
    if model is None or seconds is None or size is None:
        usual = initial_values({"model": model or ""}, available_offers())
        model = str(usual.get("model", "")) if model is None else model
        seconds = int(str(usual.get("seconds") or 0)) if seconds is None else seconds
        size = str(usual.get("size", "")) if size is None else size
    return model, seconds, size


def _cast(caller: Caller, public_ids: list[str]) -> dict[str, Character]:
    if not public_ids:
        return {}
    found = Character.objects.filter(owner=caller.user, deleted_at=None, public_id__in=public_ids)
    return {character.public_id: character for character in found.select_related("backend")}


def index(request: HttpRequest, caller: Caller) -> HttpResponse:
    """GET /videos: without those in the trash, which can still be looked at one by one."""
    limit, order = request.GET.get("limit", str(PAGE)), request.GET.get("order", "desc")
    if not (limit.isascii() and limit.isdecimal() and int(limit[:4]) <= MOST):
        raise ApiError(400, "invalid_value", f"'limit' is a number from 0 to {MOST}.", param="limit")
    if order not in ("asc", "desc"):
        raise ApiError(400, "invalid_value", "'order' is asc or desc.", param="order")
    rows = responses.rows(Video.objects.visible_to(caller.user).not_trashed())
    page = pagination.page(caller, rows, after=request.GET.get("after", ""), limit=int(limit), order=order)
    return reply(responses.page(page.videos, has_more=page.has_more))


def retrieve(_: HttpRequest, caller: Caller, video_id: str) -> HttpResponse:
    """GET /videos/{id}."""
    row = responses.rows(own(caller, video_id)).first()
    if row is None:
        raise not_found("Video", video_id)
    return _job(row)


def delete(_: HttpRequest, caller: Caller, video_id: str) -> HttpResponse:
    """DELETE /videos/{id}. One that is not finished is canceled first: the protocol knows no other way to
    stop a job, so refusing, as OpenAI did, would leave a script no way to stop paying for it.
    """
    delete_video(own_video(caller, video_id))
    return reply(responses.deleted(video_id))


def content(request: HttpRequest, caller: Caller, video_id: str) -> HttpResponseBase:
    """GET /videos/{id}/content, with byte ranges. 404 until the video is completed."""
    variant = request.GET.get("variant") or "video"
    if variant not in _VARIANTS:
        message = f"'variant' is one of {', '.join(_VARIANTS)}."
        raise ApiError(400, "invalid_value", message, param="variant")
    video = own_video(caller, video_id)
    if video.state != State.COMPLETED:
        message = f"Video is not ready yet: it is {public_status(video.state)}."
        raise ApiError(404, "video_not_ready", message)
    field, content_type, ending = _VARIANTS[variant]
    stored = StoredFile(
        getattr(video, field),
        content_type,
        download_name=f"{video.public_id}.{ending}",
        etag=video.sha256 if variant == "video" else "",
    )
    try:
        return file_response(request, stored)
    except FileNotFoundError as error:
        raise ApiError(404, "not_found", f"This video has no {variant}.", param="variant") from error


# --- Videos from videos ------------------------------------------------------------------------------------


def remix(request: HttpRequest, caller: Caller, video_id: str) -> HttpResponse:
    """POST /videos/{id}/remix."""
    prompt = requests.read(request).needed("prompt")
    asked = idempotency.fingerprint("/v1/videos/remix", {"video": video_id, "prompt": prompt})
    return _once(
        request, caller, asked, lambda: remix_video(caller.user, own_video(caller, video_id), prompt)
    )


def edit(request: HttpRequest, caller: Caller) -> HttpResponse:
    """POST /videos/edits."""
    fields = requests.read(request)
    prompt = fields.needed("prompt")
    return _derive(
        request, caller, fields, Kind.EDIT, prompt, lambda source: edit_video(caller.user, source, prompt)
    )


def extend(request: HttpRequest, caller: Caller) -> HttpResponse:
    """POST /videos/extensions."""
    fields = requests.read(request)
    prompt, seconds = fields.needed("prompt"), fields.whole("seconds")
    if seconds is None:
        raise requests.missing("seconds")

    def from_source(source: Video) -> Video:
        return extend_video(caller.user, source, prompt, seconds)

    return _derive(request, caller, fields, Kind.EXTEND, prompt, from_source)


def _derive(
    request: HttpRequest,
    caller: Caller,
    fields: Fields,
    kind: Kind,
    prompt: str,
    make: Callable[[Video], Video],
) -> HttpResponse:
    """Make a video of one's own video or of an uploaded one, which joins the library first."""
    source = requests.source(fields)
    wanted = {"prompt": prompt, "seconds": fields.whole("seconds")}
    if isinstance(source, str):
        asked = idempotency.fingerprint(request.path, {**wanted, "video": source})
        return _once(request, caller, asked, lambda: make(own_video(caller, source)))
    asked = idempotency.fingerprint(request.path, wanted, {"video": source})
    from videos.services.uploads import (
        import_clip,  # brings FFmpeg into the process: not before somebody brings a clip
    )

    with import_clip(caller.user, source, kind) as bring:
        return _once(request, caller, asked, lambda: make(bring()))


def _once(request: HttpRequest, caller: Caller, asked: str, make: Callable[[], Video]) -> HttpResponse:
    """Make the video, or answer with the one that an earlier sending of the same request made."""
    key, retry = requests.idempotency_key(request), requests.retries(request)
    video, is_new = idempotency.once(caller, asked, make, key=key, retry=retry)
    response = _job(responses.rows(Video.objects.filter(pk=video.pk)).get())
    if not is_new:
        response["Idempotent-Replayed"] = "true"
    return response


def _job(row: responses.Row) -> HttpResponse:
    """Answer with a video, and tell the SDK how long to wait before it looks again."""
    wait = responses.poll_after(row)
    headers = {} if wait is None else {"openai-poll-after-ms": str(round(wait * 1000))}
    return reply(responses.video(row), headers)


# --- Models ------------------------------------------------------------------------------------------------


def models(_: HttpRequest, __: Caller) -> HttpResponse:
    """GET /models: those that are offered now.

    A header says for how many seconds an Idempotency-Key is honored, so that a studio whose backend this is
    may repeat a request that got no answer.
    """
    data = [responses.model(offer) for offer in available_offers().values()]
    retention = {"Idempotency-Key-Retention": str(round(RETENTION.total_seconds()))}
    return reply({"object": "list", "data": data}, retention)


def model(_: HttpRequest, __: Caller, name: str) -> HttpResponse:
    """GET /models/{id}."""
    offer = available_offers().get(name)
    if offer is None:
        raise ApiError(404, "model_not_found", f"The model '{name[:100]}' does not exist.", param="model")
    return reply(responses.model(offer))
