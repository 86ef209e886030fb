"""Views of the REST API. Their addresses, names and fields are published: add, never rename."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_safe
from ninja import Header, Query, Router, Status

from videos.api.access import get_own_video, get_visible_video
from videos.api.errors import ApiError
from videos.api.openapi import binary_content
from videos.api.pagination import get_page
from videos.api.rest import (
    batches,
    bulk,
    collections,
    create,
    notifications,
    prompt_help,
    queue,
    share_links,
    webhook_endpoints,
)
from videos.api.rest.api import ApiToken, Documentation, JsonObjects, Request, StudioAPI
from videos.api.rest.approval_schemas import ApprovalOut
from videos.api.rest.approvals import router as approvals_router
from videos.api.rest.approvals import serialize_approval
from videos.api.rest.catalogue import (
    DaySumOut,
    ModelsOut,
    ModelSumOut,
    SumOut,
    TemplatesOut,
    UsageOut,
    serialize_offer,
    serialize_template,
)
from videos.api.rest.document import GENERATE_BODY
from videos.api.rest.files import download_response, thumbnail_response
from videos.api.rest.operations import register_get, register_write
from videos.api.rest.schemas import (
    AdoptIn,
    ExtendIn,
    KeyIn,
    ListIn,
    Output,
    PromptIn,
    UsageIn,
    VideoChangeIn,
)
from videos.api.rest.serializers import RELATED, serialize_video
from videos.api.rest.video_schemas import DeletedOut, PageOut, VideoOut
from videos.capabilities import available_offers
from videos.models import ApprovalRequest, PromptTemplate, RequestKind, Video
from videos.services.library import set_rating
from videos.services.paid_requests import Derivation, Resubmission, VideoChangedError
from videos.services.usage import UsageTotal, summarize_usage
from videos.services.video_actions import (
    abandon_video,
    adopt_candidate,
    cancel_video,
    delete_video,
    recheck_video,
)
from videos.services.visibility import note_look

MAX_USAGE_DAYS = 366  # in one request

api = StudioAPI(
    title="ContentGen",
    version="1",
    description="Send an API token: `Authorization: Bearer cg_…`. Every error has the same shape."
    " The Videos API at `/v1` is described at `/v1/openapi.json`.",
    urls_namespace="api",
    docs=Documentation(),
    docs_decorator=require_safe,
    auth=ApiToken(),
    parser=JsonObjects(),
)
router = Router()

Answer = VideoOut | Status[ApprovalOut]  # what waits for approval is answered with 202

get = partial(register_get, router)
post = partial(register_write, router, "POST", schema=VideoOut, others={202: ApprovalOut})


# --- Creating ----------------------------------------------------------------------------------------------


@post("/videos/generate", openapi_extra={"requestBody": GENERATE_BODY})
def generate(request: Request, response: HttpResponse, keyed: Header[KeyIn]) -> Answer:
    """Create a video. It is queued at once, and submitted to a backend exactly once.

    Where its price needs a manager's approval, the answer is 202 with what waits for it.
    """
    created = create.create_from_request(request.auth, create.parse_request(request), keyed.key)
    return _video_response(request, response, created)


@post("/videos/{slug:video_id}/remix")
def remix(
    request: Request, response: HttpResponse, video_id: str, body: PromptIn, keyed: Header[KeyIn]
) -> Answer:
    """Make a variation of a completed video."""
    source = get_own_video(request.auth, video_id)
    fingerprint = create.fingerprint_of_action("remix", source, prompt=body.prompt)
    wanted = Derivation(RequestKind.REMIX, source, body.prompt)
    created = create.create_or_ask_once(request.auth, fingerprint, lambda: wanted, key=keyed.key)
    return _video_response(request, response, created)


@post("/videos/{slug:video_id}/edit")
def edit(
    request: Request, response: HttpResponse, video_id: str, body: PromptIn, keyed: Header[KeyIn]
) -> Answer:
    """Change what the prompt says in a completed video."""
    source = get_own_video(request.auth, video_id)
    fingerprint = create.fingerprint_of_action("edit", source, prompt=body.prompt)
    wanted = Derivation(RequestKind.EDIT, source, body.prompt)
    created = create.create_or_ask_once(request.auth, fingerprint, lambda: wanted, key=keyed.key)
    return _video_response(request, response, created)


@post("/videos/{slug:video_id}/extend")
def extend(
    request: Request, response: HttpResponse, video_id: str, body: ExtendIn, keyed: Header[KeyIn]
) -> Answer:
    """Continue a completed video from its end. The new video includes its source."""
    source = get_own_video(request.auth, video_id)
    fingerprint = create.fingerprint_of_action("extend", source, prompt=body.prompt, seconds=body.seconds)
    wanted = Derivation(RequestKind.EXTEND, source, body.prompt, body.seconds)
    created = create.create_or_ask_once(request.auth, fingerprint, lambda: wanted, key=keyed.key)
    return _video_response(request, response, created)


@post("/videos/{slug:video_id}/retry")
def retry(request: Request, response: HttpResponse, video_id: str, keyed: Header[KeyIn]) -> Answer:
    """Submit a failed video again. This is a new job, charged again at the video's price.

    Where the video's actions have `check-again`, that looks for the result without paying.
    """
    return _resubmit(request, response, video_id, RequestKind.RETRY, keyed.key)


@post("/videos/{slug:video_id}/submit-again")
def submit_again(request: Request, response: HttpResponse, video_id: str, keyed: Header[KeyIn]) -> Answer:
    """Decide to submit a video that needs a decision once more. It is charged also if the first job was."""
    return _resubmit(request, response, video_id, RequestKind.SUBMIT_AGAIN, keyed.key)


# --- Acting ------------------------------------------------------------------------------------------------


@post("/videos/{slug:video_id}/adopt")
def adopt(request: Request, video_id: str, body: AdoptIn) -> VideoOut:
    """Decide that one of a video's candidates is its job. Nothing is submitted or paid for."""
    video = get_own_video(request.auth, video_id)
    return _apply_action(request, video, lambda video: adopt_candidate(video, body.job_id))


@post("/videos/{slug:video_id}/give-up")
def give_up(request: Request, video_id: str) -> VideoOut:
    """Decide to mark a video that needs a decision as failed."""
    create.refuse_fields(request)
    return _apply_action(request, get_own_video(request.auth, video_id), abandon_video)


@post("/videos/{slug:video_id}/check-again")
def check_again(request: Request, video_id: str) -> VideoOut:
    """Check the backend once more for a video that failed on our side, or that needs a decision. Nothing is
    submitted that could be charged twice.
    """
    create.refuse_fields(request)
    return _apply_action(request, get_own_video(request.auth, video_id), recheck_video)


@post("/videos/{slug:video_id}/cancel")
def cancel(request: Request, video_id: str) -> VideoOut:
    """Cancel a video that has not ended. Free until a backend accepted it."""
    create.refuse_fields(request)
    return _apply_action(request, get_own_video(request.auth, video_id), cancel_video)


@register_write(router, "PATCH", "/videos/{slug:video_id}", VideoOut)
def change(request: Request, video_id: str, body: VideoChangeIn) -> VideoOut:
    """Rate a video of yours."""
    video = get_own_video(request.auth, video_id)
    set_rating([video], body.rating or 0)
    video.refresh_from_db()
    return serialize_video(request, video)


@register_write(router, "DELETE", "/videos/{slug:video_id}", DeletedOut)
def delete(request: Request, video_id: str) -> DeletedOut:
    """Delete a video, its files and the backend's job. One that has not ended is canceled first."""
    delete_video(get_own_video(request.auth, video_id))
    return DeletedOut(id=video_id)


# --- Reading -----------------------------------------------------------------------------------------------


@get("/videos/{slug:video_id}", VideoOut)
def retrieve(request: Request, video_id: str) -> VideoOut:
    """Return a video, also one that is shared with you: its status, and all that you may know of it."""
    video = get_visible_video(request.auth, video_id)
    note_look(request.auth.user, video, "Its page.")
    return serialize_video(request, video)


@get("/videos", PageOut)
def videos(request: Request, query: Query[ListIn]) -> PageOut:
    """List your videos, a page at a time, or those shared with you: see `scope` and `collection`.

    The answer's `next` is the `after` of the next page.
    """
    rows = collections.videos_in_scope(request.auth.user, query.scope, query.collection).not_trashed()
    if query.status:
        rows = rows.with_status(query.status)
    if query.model:
        rows = rows.filter(model=_replace_nul(query.model))
    found = get_page(
        request.auth,
        rows.search(query.q).select_related("owner", "backend").prefetch_related(*RELATED),
        after=query.after,
        limit=query.limit,
        order=query.order,
    )
    last = found.videos[-1].public_id if found.has_more else None
    data = [serialize_video(request, video) for video in found.videos]
    return PageOut(data=data, has_more=found.has_more, next=last)


@get(
    "/videos/{slug:video_id}/download",
    None,
    errors={409, 410, 416},
    openapi_extra={
        "responses": {
            200: {
                "description": "The file. A range is answered with 206, an unchanged file with 304.",
                "content": binary_content(),
            },
            302: {"description": "The file is stored elsewhere: follow the redirect."},
        }
    },
)
def download(request: Request, video_id: str, output_type: Output = "video") -> HttpResponseBase:
    """Download a completed video as its backend delivered it (usually MP4), the file that browsers play (the
    copy made for them where there is one, MP4), its thumbnail (WebP) or its sprite sheet (JPEG).
    """
    video = get_visible_video(request.auth, video_id)
    note_look(request.auth.user, video, "Its file.")
    return download_response(request, video, output_type)


@get(
    "/videos/{slug:video_id}/candidates/{int:candidate_id}/thumbnail",
    None,
    openapi_extra={
        "responses": {
            200: {
                "description": "The picture.",
                "content": binary_content(),
            }
        }
    },
)
def candidate_thumbnail(request: Request, video_id: str, candidate_id: int) -> HttpResponse:
    """Return the picture of a job that may be the video's. It is fetched from the backend when it is first
    asked for, which may take some seconds: until then, and where there is none, the answer is 404.
    """
    return thumbnail_response(get_own_video(request.auth, video_id), candidate_id)


@get("/models", ModelsOut)
def models(request: Request) -> ModelsOut:
    """List the models that are offered now, with their sizes, lengths, prices and backends."""
    return ModelsOut(data=[serialize_offer(offer) for offer in available_offers().values()])


@get("/templates", TemplatesOut)
def templates(request: Request) -> TemplatesOut:
    """List the prompt templates."""
    return TemplatesOut(
        data=[serialize_template(each) for each in PromptTemplate.objects.visible_to(request.auth.user)]
    )


@get("/usage", UsageOut, by_alias=True)
def spent(request: Request, query: Query[UsageIn]) -> UsageOut:
    """Sum up what you spent, as the ledger has it, by the day it was charged. Deleted videos count, too."""
    end = query.last or timezone.localdate()
    start = query.first or end - timedelta(days=29)
    if start > end:
        raise ApiError(422, "invalid_value", "“from” must not be after “to”.", param="from")
    if (end - start).days >= MAX_USAGE_DAYS:
        raise ApiError(422, "invalid_value", f"Ask for at most {MAX_USAGE_DAYS} days at once.", param="from")
    usage = summarize_usage(request.auth.user, start, end)
    return UsageOut(
        start=start,
        end=end,
        total=SumOut(**_sum_fields(usage.total)),
        by_model=[ModelSumOut(model=name, **_sum_fields(total)) for name, total in usage.by_model.items()],
        by_day=[DaySumOut(day=day, **_sum_fields(total)) for day, total in usage.by_day.items()],
    )


api.add_router("/v1", approvals_router)
api.add_router("/v1", webhook_endpoints.router)
api.add_router("/v1", bulk.router)  # first: its address looks like one of a video
api.add_router("/v1", notifications.router)
api.add_router("/v1", collections.router)
api.add_router("/v1", batches.router)
api.add_router("/v1", queue.router)
api.add_router("/v1", prompt_help.router)
api.add_router("/v1", router)
api.add_router("/v1", share_links.router)


# --- Shared by the views ------------------------------------------------------------------------------------


def _video_response(
    request: Request, response: HttpResponse, created: tuple[Video | ApprovalRequest, bool]
) -> Answer:
    made, is_new = created
    if not is_new:
        response["Idempotent-Replayed"] = "true"
    if isinstance(made, ApprovalRequest):
        return Status(202, serialize_approval(request, made))
    return serialize_video(request, made)


def _resubmit(request: Request, response: HttpResponse, video_id: str, kind: RequestKind, key: str) -> Answer:
    """Submit the video once more, but only once for the same key.

    Idempotency records of earlier versions have the kind's value in their fingerprint, so it never changes.
    """
    video = get_own_video(request.auth, video_id)
    create.refuse_fields(request)
    fingerprint = create.fingerprint_of_action(kind.value, video)
    wanted = Resubmission(kind, video)
    try:
        made, is_new = create.create_or_ask_once(request.auth, fingerprint, lambda: wanted, key=key)
    except VideoChangedError:
        _require_done(False, video)
        raise
    if isinstance(made, Video):
        made.refresh_from_db()
    return _video_response(request, response, (made, is_new))


def _apply_action(request: Request, video: Video, action: Callable[[Video], bool]) -> VideoOut:
    _require_done(action(video), video)
    video.refresh_from_db()
    return serialize_video(request, video)


def _require_done(is_done: bool, video: Video) -> None:
    if not is_done:
        video.refresh_from_db()
        message = f"This is not possible for a video that is {video.status}; see its “actions”."
        raise ApiError(409, "not_possible_now", message)


def _replace_nul(text: str) -> str:
    """Return what PostgreSQL can search for: no prompt holds a NUL, so nothing is found either way."""
    return text.replace("\x00", "\ufffd")


def _sum_fields(total: UsageTotal) -> dict[str, Any]:
    return {
        "videos": total.videos,
        "seconds": total.seconds,
        "dollars": float(total.dollars),
        "charged_dollars": float(total.charged),
        "estimated_dollars": float(total.estimated),
        "cost_difference": float(total.difference),
        "without_cost": total.without_cost,
    }
