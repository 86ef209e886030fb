"""Our REST API. Its addresses and fields are a contract: add, never rename."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_safe
from ninja import Header, Query, Router

from videos.api.errors import ApiError, not_found
from videos.api.pagination import page
from videos.api.rest import create
from videos.api.rest.api import ApiToken, Documentation, Request, StudioAPI
from videos.api.rest.schemas import (
    DaySumOut,
    DeletedOut,
    ExtendIn,
    GenerateIn,
    KeyIn,
    ListIn,
    ModelsOut,
    ModelSumOut,
    Output,
    PageOut,
    PromptIn,
    Refusal,
    SumOut,
    TemplatesOut,
    UsageIn,
    UsageOut,
    VideoOut,
    describe,
    offered,
    ready_made,
)
from videos.capabilities import available_offers
from videos.media.file_response import POSTER_TYPE, SCRUB_TYPE, StoredFile, file_response, readable_name
from videos.models import IN_FLIGHT, PromptTemplate, State, Video
from videos.models.video import VideoQuerySet
from videos.services.derivations import edit_video, extend_video, remix_video
from videos.services.usage import UsageTotal, summarize_usage
from videos.services.videos import (
    abandon_video,
    cancel_video,
    delete_video,
    recheck_video,
    resubmit_video,
    retry_video,
)

MOST_DAYS = 366  # of one question about what was spent

api = StudioAPI(
    title="ContentGen",
    version="1",
    description="Send an API token: `Authorization: Bearer cg_…`. Every refusal has the same shape.",
    urls_namespace="api",
    docs=Documentation(),
    docs_decorator=require_safe,
    auth=ApiToken(),
)
router = Router()

_LOOKING = frozenset({401, 404, 405, 422, 429, 500})
_CHANGING = _LOOKING | {400, 403, 409, 413}


def get(path: str, reply: Any, **options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a view for GET, and for HEAD outside the documentation."""
    options["response"] = {200: reply, _LOOKING | options.pop("refusals", set()): Refusal}

    def register(view: Callable[..., Any]) -> Callable[..., Any]:
        router.api_operation(["HEAD"], path, include_in_schema=False, **options)(view)
        return router.get(path, **options)(view)

    return register


def post(path: str, **options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a view for POST that answers with a video."""
    return router.post(path, response={200: VideoOut, _CHANGING: Refusal}, **options)


# --- Making ------------------------------------------------------------------------------------------------


def _generate_body() -> dict[str, Any]:
    """The two forms that django-ninja cannot describe for one operation."""
    fields = GenerateIn.model_json_schema()
    characters = {"type": "string", "description": "Ids of characters, with commas between them."}
    image = {"type": "string", "format": "binary", "description": "A JPEG, PNG or WebP image to start from."}
    form = {**fields["properties"], "characters": characters, "input_reference": image}
    return {
        "required": True,
        "content": {
            "application/json": {"schema": fields},
            "multipart/form-data": {"schema": {**fields, "properties": form}},
        },
    }


@post("/videos/generate", openapi_extra={"requestBody": _generate_body()})
def generate(request: Request, response: HttpResponse, keyed: Header[KeyIn]) -> VideoOut:
    """Ask for a video. It is queued at once, and submitted to a backend exactly once."""
    return _made(request, response, create.generate(request.auth, create.read(request), keyed.key))


@post("/videos/{slug:video_id}/remix")
def remix(
    request: Request, response: HttpResponse, video_id: str, wish: PromptIn, keyed: Header[KeyIn]
) -> VideoOut:
    """Make a variation of a completed video."""
    source = _own(request, video_id)
    same = create.fingerprint("remix", source, prompt=wish.prompt)
    made = create.carried_out_once(
        request.auth, same, lambda: remix_video(request.auth.user, source, wish.prompt), keyed.key
    )
    return _made(request, response, made)


@post("/videos/{slug:video_id}/edit")
def edit(
    request: Request, response: HttpResponse, video_id: str, wish: PromptIn, keyed: Header[KeyIn]
) -> VideoOut:
    """Change what the prompt says in a completed video."""
    source = _own(request, video_id)
    same = create.fingerprint("edit", source, prompt=wish.prompt)
    made = create.carried_out_once(
        request.auth, same, lambda: edit_video(request.auth.user, source, wish.prompt), keyed.key
    )
    return _made(request, response, made)


@post("/videos/{slug:video_id}/extend")
def extend(
    request: Request, response: HttpResponse, video_id: str, wish: ExtendIn, keyed: Header[KeyIn]
) -> VideoOut:
    """Go on from the end of a completed video. The new video is the whole film."""
    source = _own(request, video_id)
    same = create.fingerprint("extend", source, prompt=wish.prompt, seconds=wish.seconds)
    made = create.carried_out_once(
        request.auth,
        same,
        lambda: extend_video(request.auth.user, source, wish.prompt, wish.seconds),
        keyed.key,
    )
    return _made(request, response, made)


@post("/videos/{slug:video_id}/retry")
def retry(request: Request, response: HttpResponse, video_id: str, keyed: Header[KeyIn]) -> VideoOut:
    """Submit a failed video anew. This is a new job, which may cost again."""
    return _paid_again(request, response, _own(request, video_id), retry_video, keyed.key)


@post("/videos/{slug:video_id}/submit-again")
def submit_again(request: Request, response: HttpResponse, video_id: str, keyed: Header[KeyIn]) -> VideoOut:
    """Decide, on a video that needs a decision, to submit it once more. It may be paid for twice."""
    return _paid_again(request, response, _own(request, video_id), resubmit_video, keyed.key)


# --- Deciding ----------------------------------------------------------------------------------------------


@post("/videos/{slug:video_id}/give-up")
def give_up(request: Request, video_id: str) -> VideoOut:
    """Decide, on a video that needs a decision, to count it as failed."""
    return _moved_on(request, _own(request, video_id), abandon_video)


@post("/videos/{slug:video_id}/check-again")
def check_again(request: Request, video_id: str) -> VideoOut:
    """Look once more for the result of a video that failed on our side. Nothing is submitted or paid."""
    return _moved_on(request, _own(request, video_id), recheck_video)


@post("/videos/{slug:video_id}/cancel")
def cancel(request: Request, video_id: str) -> VideoOut:
    """Stop a video that has not ended. Free until a backend accepted it."""
    return _moved_on(request, _own(request, video_id), cancel_video)


@router.delete("/videos/{slug:video_id}", response={200: DeletedOut, _CHANGING: Refusal})
def delete(request: Request, video_id: str) -> DeletedOut:
    """Delete the video, its files and the backend's job. One that has not ended is canceled with it."""
    delete_video(_own(request, video_id))
    return DeletedOut(id=video_id)


# --- Looking -----------------------------------------------------------------------------------------------


@get("/videos/{slug:video_id}", VideoOut)
def retrieve(request: Request, video_id: str) -> VideoOut:
    """Where a video stands, and all that is known of it."""
    return describe(request, _own(request, video_id))


@get("/videos", PageOut)
def videos(request: Request, asked: Query[ListIn]) -> PageOut:
    """Your videos, a page at a time. The answer's `next` is the `after` of the page that follows."""
    rows: VideoQuerySet = Video.objects.visible_to(request.auth.user).not_trashed()
    if asked.status:
        rows = rows.with_status(asked.status)
    for name, text in (("model", asked.model), ("prompt__icontains", asked.q)):
        if text:
            rows = rows.filter(**{name: _storable(text)})
    found = page(
        request.auth,
        rows.prefetch_related("characters"),
        after=asked.after,
        limit=asked.limit,
        order=asked.order,
    )
    last = found.videos[-1].public_id if found.has_more else None
    data = [describe(request, video) for video in found.videos]
    return PageOut(data=data, has_more=found.has_more, next=last)


@get(
    "/videos/{slug:video_id}/download",
    None,
    refusals={409, 410, 416},
    openapi_extra={
        "responses": {
            200: {
                "description": "The file. A range of it is answered with 206, an unchanged one with 304.",
                "content": {
                    kind: {"schema": {"type": "string", "format": "binary"}}
                    for kind in ("video/mp4", POSTER_TYPE, SCRUB_TYPE)
                },
            },
            302: {"description": "The file is kept elsewhere: follow."},
        }
    },
)
def download(request: Request, video_id: str, output_type: Output = "video") -> HttpResponseBase:
    """The MP4 of a completed video, its thumbnail (WebP) or its sprite sheet (JPEG)."""
    video = _own(request, video_id)
    _require_file(video)
    try:
        response = _file(request, video, output_type)
    except FileNotFoundError as error:
        raise ApiError(404, "no_file", f"This video has no {output_type}.", param="output_type") from error
    if response.status_code == 416:
        size = {"Content-Range": response.headers["Content-Range"]}
        raise ApiError(416, "range_not_satisfiable", "The range lies past the end of the file.", headers=size)
    return response


@get("/models", ModelsOut)
def models(request: Request) -> ModelsOut:
    """What can be asked for now: models with their sizes, lengths, prices, and where they go."""
    return ModelsOut(data=[offered(offer) for offer in available_offers().values()])


@get("/templates", TemplatesOut)
def templates(request: Request) -> TemplatesOut:
    """Ready-made prompts."""
    return TemplatesOut(
        data=[ready_made(each) for each in PromptTemplate.objects.visible_to(request.auth.user)]
    )


@get("/usage", UsageOut, by_alias=True)
def spent(request: Request, asked: Query[UsageIn]) -> UsageOut:
    """What your videos cost, by the day on which a backend accepted them. Deleted ones are left out."""
    end = asked.last or timezone.localdate()
    start = asked.first or end - timedelta(days=29)
    if start > end:
        raise ApiError(422, "invalid_value", "“from” must not be after “to”.", param="from")
    if (end - start).days >= MOST_DAYS:
        raise ApiError(422, "invalid_value", f"Ask for at most {MOST_DAYS} days at once.", param="from")
    found = summarize_usage(request.auth.user, start, end)
    return UsageOut(
        start=start,
        end=end,
        total=SumOut(**_sum(found.total)),
        by_model=[ModelSumOut(model=name, **_sum(total)) for name, total in found.by_model.items()],
        by_day=[DaySumOut(day=day, **_sum(total)) for day, total in found.by_day.items()],
    )


api.add_router("/v1", router)


# --- What the views share ----------------------------------------------------------------------------------


def _own(request: Request, public_id: str) -> Video:
    """Return one's own video. Raises 404 for another's, a deleted or an unknown one, to staff too."""
    video = Video.objects.visible_to(request.auth.user).filter(public_id=public_id).first()
    if video is None:
        raise not_found("Video", public_id)
    return video


def _made(request: Request, response: HttpResponse, made: tuple[Video, bool]) -> VideoOut:
    video, is_new = made
    if not is_new:
        response["Idempotent-Replayed"] = "true"
    return describe(request, video)


def _paid_again(
    request: Request, response: HttpResponse, video: Video, act: Callable[[Video], bool], key: str
) -> VideoOut:
    """Do what submits `video` once more, but for one key only once."""

    def make() -> Video:
        _require(act(video), video)
        return video

    made, is_new = create.carried_out_once(request.auth, create.fingerprint(act.__name__, video), make, key)
    made.refresh_from_db()
    return _made(request, response, (made, is_new))


def _moved_on(request: Request, video: Video, act: Callable[[Video], bool]) -> VideoOut:
    _require(act(video), video)
    video.refresh_from_db()
    return describe(request, video)


def _require(done: bool, video: Video) -> None:
    if not done:
        video.refresh_from_db()
        message = f"This is not possible for a video that is {video.status}; see its “actions”."
        raise ApiError(409, "not_possible_now", message)


def _require_file(video: Video) -> None:
    if video.state in IN_FLIGHT:
        raise ApiError(409, "not_finished", f"This video is {video.status}; ask again when it is completed.")
    if video.state != State.COMPLETED:
        raise ApiError(410, "no_file", f"This video is {video.status}: there is no file of it.")


def _file(request: Request, video: Video, output: Output) -> HttpResponseBase:
    if output == "thumbnail":
        return file_response(request, StoredFile(video.poster, POSTER_TYPE))
    if output == "spritesheet":
        return file_response(request, StoredFile(video.scrub_sheet, SCRUB_TYPE))
    stored = StoredFile(
        video.file,
        "video/mp4",
        download_name=f"{readable_name(video.prompt) or video.public_id}.mp4",
        as_attachment=True,
        etag=video.sha256,
    )
    return file_response(request, stored)


def _storable(text: str) -> str:
    """What PostgreSQL can be asked for: no prompt holds a NUL, so nothing is found either way."""
    return text.replace("\x00", "\ufffd")


def _sum(total: UsageTotal) -> dict[str, Any]:
    return {"videos": total.videos, "seconds": total.seconds, "dollars": float(total.dollars)}
