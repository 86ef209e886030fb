"""One action on many videos, with a result for each: one that is not possible stops none of the others."""

import hashlib
from dataclasses import dataclass
from typing import Annotated, Literal

from ninja import Header, Router, Schema
from pydantic import Field

from billing.errors import RefusedPaymentError
from videos.api import idempotency
from videos.api.auth import Caller
from videos.api.errors import ApiError, not_found
from videos.api.payments import from_refused_payment
from videos.api.rest import parameters
from videos.api.rest.api import CONTRACT, Request
from videos.api.rest.create import fingerprint_of_action
from videos.api.rest.schemas import BodyIn, KeyIn, Refusal
from videos.api.rest.serializers import RELATED, serialize_video
from videos.api.rest.video_schemas import Trouble, VideoOut
from videos.models import ApprovalRequest, Video
from videos.services.bulk_actions import BULK_ACTIONS, act
from videos.validation import is_public_id

MAX_VIDEOS = 100  # in one request

Action = Literal["cancel", "retry", "check-again", "submit-again", "give-up"]
Result = Literal["done", "repeated", "waiting", "not_possible", "not_found"]

router = Router()


class BulkActionIn(BodyIn):
    """An action, and the videos to carry it out on."""

    action: Action = Field(
        description="`check-again` looks for the results and costs nothing. `retry` submits failed videos as "
        "new jobs, each at its price. `submit-again` and `give-up` decide about videos that need it: the "
        "first may be charged twice. `cancel` stops what has not ended.",
        examples=["check-again"],
    )
    ids: list[str] = Field(
        min_length=1,
        max_length=MAX_VIDEOS,
        description="Ids of your videos. One that is named twice counts once.",
        examples=[["video_0123456789abcdefghijklmn"]],
    )


class BulkResultOut(Schema):
    """What became of one of the videos."""

    id: str = Field(description="As it was sent.", examples=["video_0123456789abcdefghijklmn"])
    result: Result = Field(
        description="`repeated`: an earlier request with this Idempotency-Key did it, and nothing is paid "
        "for twice. `waiting`: a manager has to approve its price, see `approval_id`. `not_found`: you have "
        "no such video.",
        examples=["done"],
    )
    error: Trouble | None = Field(description="Why nothing was done; null when it was.")
    video: VideoOut | None = Field(description="The video as it is now; null when it was not found.")
    approval_id: str | None = Field(description="What waits for approval; null when nothing does.")


class BulkOut(Schema):
    """The results, one for each video, in the order of the request."""

    object: Annotated[Literal["list"], Field(description="Always `list`.")] = "list"
    action: Action = Field(description="The action of the request.", examples=["check-again"])
    done: int = Field(description="How many were done, now or by an earlier request.", examples=[1])
    data: list[BulkResultOut] = Field(description="One result for each video.")


@dataclass(frozen=True)
class _Act:
    """One action of one caller, to be carried out on one video after the other."""

    caller: Caller
    name: Action
    key: str

    def carry_out(self, video: Video) -> "_Outcome":
        """Carry it out, once for each key. Raises `ApiError` when it is not possible now."""
        if not BULK_ACTIONS[self.name].is_paid:
            self._apply(video)
            return _Outcome("done")
        # The name as the fingerprints of single requests have it.
        fingerprint = fingerprint_of_action(self.name.replace("-", "_"), video)
        digest = hashlib.sha256(self.key.encode(errors="replace")).hexdigest()
        key = f"bulk:{digest}:{video.public_id}"
        made, is_new = idempotency.create_once(self.caller, fingerprint, lambda: self._apply(video), key=key)
        if isinstance(made, ApprovalRequest):
            return _Outcome("waiting", approval_id=made.public_id)
        return _Outcome("done" if is_new else "repeated")

    def _apply(self, video: Video) -> Video | ApprovalRequest:
        made = act(BULK_ACTIONS[self.name], video)
        if not made:
            message = f"“{self.name}” is not possible for this video now; see its “actions”."
            raise ApiError(409, "not_possible_now", message)
        return made if isinstance(made, ApprovalRequest) else video


@dataclass(frozen=True)
class _Outcome:
    """What became of one of the videos."""

    result: Result
    error: Trouble | None = None
    approval_id: str | None = None


@router.post(
    "/videos/actions",
    response={200: BulkOut, frozenset({400, 401, 403, 404, 405, 409, 413, 422, 429, 500}): Refusal},
)
@parameters.refuse_unknown
def act_on_videos(request: Request, body: BulkActionIn, keyed: Header[KeyIn]) -> BulkOut:
    """Carry out one action on up to 100 of your videos, and say what became of each.

    `retry` and `submit-again` may cost and need an `Idempotency-Key`. A request that is sent again with it,
    because its answer was lost or it was interrupted, goes on with what is left and pays for nothing twice.
    """
    if BULK_ACTIONS[body.action].is_paid and not keyed.key:
        message = f"“{body.action}” may cost: send an Idempotency-Key, so that no repetition is paid for."
        raise ApiError(400, "missing_idempotency_key", message, param="Idempotency-Key")
    ids = list(dict.fromkeys(body.ids))
    found = _find_own(request, ids)
    acting = _Act(request.auth, body.action, keyed.key)
    outcomes = {public_id: _outcome(acting, public_id, found.get(public_id)) for public_id in ids}
    now = _find_own(request, ids)
    results = [
        BulkResultOut(
            id=public_id,
            result=outcome.result,
            error=outcome.error,
            video=serialize_video(request, now[public_id]) if public_id in now else None,
            approval_id=outcome.approval_id,
        )
        for public_id, outcome in outcomes.items()
    ]
    done = sum(result.result in ("done", "repeated") for result in results)
    return BulkOut(action=body.action, done=done, data=results)


def _find_own(request: Request, ids: list[str]) -> dict[str, Video]:
    own = Video.objects.owned_by(request.auth.user).filter(public_id__in=filter(is_public_id, ids))
    rows = own.select_related("backend").prefetch_related(*RELATED, "candidates")
    return {video.public_id: video for video in rows}


def _outcome(acting: _Act, public_id: str, video: Video | None) -> _Outcome:
    if video is None:
        missing = not_found("Video", public_id)
        return _Outcome("not_found", Trouble(code=missing.code, message=missing.message))
    try:
        return acting.carry_out(video)
    except ApiError as error:
        return _Outcome("not_possible", Trouble(code=error.code, message=error.message))
    except RefusedPaymentError as error:
        refused = from_refused_payment(error, CONTRACT)
        return _Outcome("not_possible", Trouble(code=refused.code, message=refused.message))
