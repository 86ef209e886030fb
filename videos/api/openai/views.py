"""Views of the Videos API: a program written for OpenAI's needs only another base URL and a token of ours.

Answers and errors have the protocol's shape. What the protocol leaves open, or this studio does differently,
is said at the endpoint.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from videos.api import idempotency, pagination
from videos.api.access import get_own_video
from videos.api.auth import Caller
from videos.api.downloads import send_file
from videos.api.errors import ApiError, not_found
from videos.api.numbers import read_whole_number
from videos.api.openai import requests, responses
from videos.api.openai.endpoint import json_response
from videos.api.openai.loops import read_hops
from videos.api.openai.requests import Fields
from videos.capabilities import OfferCatalogue, available_offers
from videos.containers import container_of
from videos.forms.generate import initial_values
from videos.media.file_response import POSTER_TYPE, SCRUB_TYPE, StoredFile
from videos.models import Character, Kind, State, Video
from videos.models.idempotency_record import RETENTION
from videos.models.state import public_status
from videos.services.derivations import edit_video, extend_video, remix_video
from videos.services.generation_requests import GenerationRequest
from videos.services.parameters import declared_names
from videos.services.video_actions import delete_video
from videos.services.videos import create_video_with_images

PAGE_SIZE, MAX_PAGE_SIZE = 20, 100  # videos
_CREATE_FIELDS = (
    *("prompt", "model", "seconds", "size", "characters"),
    *("input_reference", "last_frame", "input_references"),
)
_VARIANTS = {
    "video": ("file", "", ""),  # of the container that the backend delivered
    "thumbnail": ("poster", POSTER_TYPE, ".webp"),
    "spritesheet": ("scrub_sheet", SCRUB_TYPE, ".jpg"),
}

# --- Videos ------------------------------------------------------------------------------------------------


def create(request: HttpRequest, caller: Caller) -> HttpResponse:
    """POST /videos. A field that is left out takes the value that the studio's own form starts with, not the
    protocol's default, which names what one vendor offered. A reference image is cropped to the size, as in
    the form; so is `last_frame`, which like `input_references` goes beyond the protocol, as do fields that
    the model takes as parameters, which are named as vLLM-Omni and SGLang name them.
    """
    fields = requests.parse_fields(
        request, *_CREATE_FIELDS, find_parameters=lambda: declared_names(available_offers())
    )
    images, sent = requests.parse_images(fields)
    own = _find_characters(caller, requests.parse_character_ids(fields))
    characters = requests.parse_characters(fields, own)
    prompt = fields.required_text("prompt")
    model, seconds, size = _settings_of(fields)
    generation = GenerationRequest(
        prompt, model, seconds, size, characters=characters, parameters=fields.parameters
    )

    fingerprint = idempotency.compute_fingerprint(
        "/v1/videos",
        {
            "prompt": prompt,
            "model": model,
            "seconds": seconds,
            "size": size,
            "characters": [each.public_id for each in characters],
            # Left out without any, so that a key that was used before there were parameters still holds.
            **({"parameters": fields.parameters} if fields.parameters else {}),
        },
        sent,
    )
    with images.stored(caller.user) as stored:
        return _create_once(
            request, caller, fingerprint, lambda: create_video_with_images(caller.user, generation, stored)
        )


def _settings_of(fields: Fields) -> tuple[str, int, str]:
    model, seconds, size = fields.text("model"), fields.whole_number("seconds"), fields.text("size")
    if model is None or seconds is None or size is None:
        defaults = initial_values({"model": model or ""}, OfferCatalogue())
        model = str(defaults.get("model", "")) if model is None else model
        seconds = int(str(defaults.get("seconds") or 0)) if seconds is None else seconds
        size = str(defaults.get("size", "")) if size is None else size
    return model, seconds, size


def _find_characters(caller: Caller, public_ids: list[str]) -> dict[str, Character]:
    if not public_ids:
        return {}
    found = Character.objects.filter(owner=caller.user, deleted_at=None, public_id__in=public_ids)
    return {character.public_id: character for character in found.select_related("backend")}


def index(request: HttpRequest, caller: Caller) -> HttpResponse:
    """GET /videos: without those in the trash, which can still be retrieved one by one."""
    limit, order = _parse_limit(request), request.GET.get("order", "desc")
    if order not in ("asc", "desc"):
        raise ApiError(400, "invalid_value", "'order' is asc or desc.", param="order")
    rows = responses.select_rows(Video.objects.owned_by(caller.user).not_trashed())
    page = pagination.get_page(caller, rows, after=request.GET.get("after", ""), limit=limit, order=order)
    return json_response(responses.serialize_page(page.videos, has_more=page.has_more))


def _parse_limit(request: HttpRequest) -> int:
    try:
        limit = read_whole_number(request.GET.get("limit", str(PAGE_SIZE)))
    except ValueError:
        limit = MAX_PAGE_SIZE + 1
    if limit > MAX_PAGE_SIZE:
        raise ApiError(400, "invalid_value", f"'limit' is a number from 0 to {MAX_PAGE_SIZE}.", param="limit")
    return limit


def retrieve(_: HttpRequest, caller: Caller, video_id: str) -> HttpResponse:
    """GET /videos/{id}."""
    row = responses.find_row(caller, video_id)
    if row is None:
        raise not_found("Video", video_id)
    return _video_response(row)


def delete(_: HttpRequest, caller: Caller, video_id: str) -> HttpResponse:
    """DELETE /videos/{id}. A video that has not ended is canceled first: the protocol has no other way to
    stop a job, so refusing, as OpenAI did, would leave a script no way to stop paying for it.
    """
    delete_video(get_own_video(caller, video_id))
    return json_response(responses.serialize_deletion(video_id))


def content(request: HttpRequest, caller: Caller, video_id: str) -> HttpResponseBase:
    """GET /videos/{id}/content, with byte ranges. 404 until the video is completed."""
    variant = request.GET.get("variant") or "video"
    if variant not in _VARIANTS:
        message = f"'variant' is one of {', '.join(_VARIANTS)}."
        raise ApiError(400, "invalid_value", message, param="variant")
    video = get_own_video(caller, video_id)
    if video.state != State.COMPLETED:
        message = f"Video is not ready yet: it is {public_status(video.state)}."
        raise ApiError(404, "video_not_ready", message)
    field, content_type, suffix = _VARIANTS[variant]
    if variant == "video":
        container = container_of(video.file.name)
        content_type, suffix = container.content_type, container.suffix
    stored = StoredFile(
        getattr(video, field),
        content_type,
        download_name=f"{video.public_id}{suffix}",
        etag=video.sha256 if variant == "video" else "",
    )
    try:
        return send_file(request, stored)
    except FileNotFoundError as error:
        raise ApiError(404, "not_found", f"This video has no {variant}.", param="variant") from error


# --- Videos from videos ------------------------------------------------------------------------------------


def remix(request: HttpRequest, caller: Caller, video_id: str) -> HttpResponse:
    """POST /videos/{id}/remix."""
    prompt = requests.parse_fields(request, "prompt").required_text("prompt")
    fingerprint = idempotency.compute_fingerprint("/v1/videos/remix", {"video": video_id, "prompt": prompt})
    return _create_once(
        request,
        caller,
        fingerprint,
        lambda: remix_video(caller.user, get_own_video(caller, video_id), prompt),
    )


def edit(request: HttpRequest, caller: Caller) -> HttpResponse:
    """POST /videos/edits."""
    fields = requests.parse_fields(request, "prompt", "video")
    prompt = fields.required_text("prompt")
    return _derive(
        request, caller, fields, Kind.EDIT, prompt, lambda source: edit_video(caller.user, source, prompt)
    )


def extend(request: HttpRequest, caller: Caller) -> HttpResponse:
    """POST /videos/extensions."""
    fields = requests.parse_fields(request, "prompt", "video", "seconds")
    prompt, seconds = fields.required_text("prompt"), fields.whole_number("seconds")
    if seconds is None:
        raise requests.missing_parameter("seconds")

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
    """Create a video from the caller's own video, or from an uploaded clip, which joins the library first."""
    source = requests.parse_source(fields)
    values = {"prompt": prompt, "seconds": fields.whole_number("seconds")}
    if isinstance(source, str):
        fingerprint = idempotency.compute_fingerprint(request.path, {**values, "video": source})
        return _create_once(request, caller, fingerprint, lambda: make(get_own_video(caller, source)))
    fingerprint = idempotency.compute_fingerprint(request.path, values, {"video": source})
    # Imports FFmpeg, which the web process does without until somebody uploads a clip.
    from videos.services.uploads import import_clip

    with import_clip(caller.user, source, kind) as write_source:
        return _create_once(request, caller, fingerprint, lambda: make(write_source()))


def _create_once(
    request: HttpRequest, caller: Caller, fingerprint: str, make: Callable[[], Video]
) -> HttpResponse:
    """Create the video, or answer with the one that an earlier attempt of the same request created."""
    hops = ", ".join(read_hops(request))

    def make_with_hops() -> Video:
        video = make()
        if hops:
            Video.objects.filter(pk=video.pk).update(hops=hops)
        return video

    key, retry_count = requests.parse_idempotency_key(request), requests.parse_retry_count(request)
    video, is_new = idempotency.create_once(
        caller, fingerprint, make_with_hops, key=key, retry_count=retry_count
    )
    response = _video_response(responses.select_rows(Video.objects.filter(pk=video.pk)).get())
    if not is_new:
        response["Idempotent-Replayed"] = "true"
    return response


def _video_response(row: responses.Row) -> HttpResponse:
    """Answer with a video, and tell the SDK how long to wait before it polls again."""
    wait = responses.poll_interval(row)
    headers = {} if wait is None else {"openai-poll-after-ms": str(round(wait * 1000))}
    return json_response(responses.serialize_video(row), headers)


# --- Models ------------------------------------------------------------------------------------------------


def models(_: HttpRequest, __: Caller) -> HttpResponse:
    """GET /models: those offered now.

    A header says for how many seconds an Idempotency-Key is honored, so that a studio whose backend this is
    may repeat a request that got no answer.
    """
    data = [responses.serialize_model(offer) for offer in available_offers().values()]
    retention = {"Idempotency-Key-Retention": str(round(RETENTION.total_seconds()))}
    return json_response({"object": "list", "data": data}, retention)


def model(_: HttpRequest, __: Caller, name: str) -> HttpResponse:
    """GET /models/{id}."""
    offer = OfferCatalogue().get(name)
    if offer is None:
        raise ApiError(404, "model_not_found", f"The model '{name[:100]}' does not exist.", param="model")
    return json_response(responses.serialize_model(offer))
