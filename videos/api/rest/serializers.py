"""Functions that fill the schemas of the REST API from rows."""

from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from videos.api.rest.api import Request
from videos.api.rest.schemas import Action
from videos.api.rest.video_schemas import (
    BrowserCopyOut,
    CandidateOut,
    TimingsOut,
    Trouble,
    UrlsOut,
    VideoOut,
)
from videos.models import JobCandidate, State, Video
from videos.services.visibility import is_owner, may_act, sees_cost

RELATED = ("characters", "reference", "last_frame", "video_references")  # read beside a video's row


def serialize_video(request: Request, video: Video) -> VideoOut:
    """Return `video` as the API shows it to the caller. For several videos, prefetch `RELATED`; of others',
    select the owner too.
    """
    person, is_own = request.auth.user, is_owner(request.auth.user, video)
    candidates = list(video.candidates.all()) if video.needs_decision and is_own else []
    return VideoOut(
        id=video.public_id,
        owner=person.username if is_own else video.owner.username,
        **_serialize_status(video),
        **_serialize_request(video),
        **(_serialize_origin(video) if is_own else _HIDDEN_ORIGIN),
        **(_serialize_costs(video) if sees_cost(person, video) else _HIDDEN_COSTS),
        **_serialize_file(video),
        candidates=[_serialize_candidate(request, video, candidate) for candidate in candidates],
        actions=_possible_actions(video, candidates) if may_act(person, video) else [],
        original_codec=video.original_codec or None,
        moves_to_trash_at=_to_unix(video.moves_to_trash_at) if may_act(person, video) else None,
        browser_copy=_serialize_browser_copy(request, video),
        timings=_serialize_timings(video),
        urls=_build_urls(request, video),
    )


def _serialize_status(video: Video) -> dict[str, Any]:
    reason = Trouble(code=video.error_code, message=video.error_message) if video.error_code else None
    is_complete = video.state == State.COMPLETED
    return {
        "status": video.status,
        "progress": 100 if is_complete else min(video.progress or 0, 100),
        "created_at": int(video.created_at.timestamp()),
        "completed_at": _to_unix(video.finished_at) if is_complete else None,
        "error": (reason or _UNEXPLAINED) if video.state == State.FAILED else None,
        "note": reason if video.is_in_flight else None,
        "paused": video.state == State.QUEUED and video.paused_at is not None,
        "needs_decision": video.needs_decision,
        "cancel_requested": video.is_in_flight and video.cancel_requested_at is not None,
        "queued_at_backend": video.waits_at_backend,
        "next_check_at": _to_unix(video.due_at) if video.awaits_late_result else None,
    }


def _serialize_request(video: Video) -> dict[str, Any]:
    return {
        "model": video.model,
        "seconds": video.seconds,
        "total_seconds": video.total_seconds,
        "size": video.size,
        "prompt": video.prompt,
        "kind": video.kind,
        "has_reference": video.reference_id is not None,
        "parameters": video.parameters,
        "seed": video.known_seed,
        "rating": video.rating,
    }


def _serialize_origin(video: Video) -> dict[str, Any]:
    """Return what it was made of, which its owner alone is told."""
    return {
        "remixed_from": video.remixed_from or None,
        "characters": [character.public_id for character in video.characters.all()],
        "reference": video.reference.public_id if video.reference else None,
        "last_frame": video.last_frame.public_id if video.last_frame else None,
        "references": [image.public_id for image in video.references],
    }


_HIDDEN_ORIGIN: dict[str, Any] = {
    **dict.fromkeys(("remixed_from", "reference", "last_frame")),
    "characters": [],
    "references": [],
}


def _serialize_costs(video: Video) -> dict[str, Any]:
    return {
        "cost": _to_float(video.cost),
        "estimated_cost": _to_float(video.price),
        "estimated_from_videos": video.price_samples,
        "charged_cost": _to_float(video.charged),
        "cost_difference": _to_float(video.cost_difference),
        "charge_problem": video.charge_problem or None,
    }


_HIDDEN_COSTS: dict[str, Any] = dict.fromkeys(
    (
        *("cost", "estimated_cost", "estimated_from_videos", "charged_cost", "cost_difference"),
        "charge_problem",
    )
)


def _serialize_file(video: Video) -> dict[str, Any]:
    return {
        "width": video.width,
        "height": video.height,
        "duration": video.duration,
        "bytes": video.byte_count,
        "sha256": video.sha256 or None,
        "container": video.container or None,
        "codec": video.codec or None,
    }


def _serialize_timings(video: Video) -> TimingsOut:
    return TimingsOut(
        submitted_at=_to_unix(video.attempted_at),
        accepted_at=_to_unix(video.accepted_at),
        generated_at=_to_unix(video.generated_at),
        finished_at=_to_unix(video.finished_at),
    )


def _possible_actions(video: Video, candidates: Iterable[JobCandidate]) -> list[Action]:
    actions = [name for name, is_possible in _IS_POSSIBLE.items() if is_possible(video)]
    if any(not candidate.may_be_anothers for candidate in candidates):
        actions.append("adopt")
    return actions


def _serialize_candidate(request: HttpRequest, video: Video, candidate: JobCandidate) -> CandidateOut:
    thumbnail = reverse("api:candidate_thumbnail", args=[video.public_id, candidate.pk])
    return CandidateOut(
        job_id=candidate.backend_job_id,
        status=candidate.status or None,
        prompt=candidate.shown_prompt or None,
        model=candidate.model or None,
        size=candidate.size or None,
        seconds=candidate.seconds,
        seed=candidate.seed,
        created_at=_to_unix(candidate.created_at),
        thumbnail=None if candidate.may_be_anothers else request.build_absolute_uri(thumbnail),
        may_be_anothers=candidate.may_be_anothers,
    )


def _serialize_browser_copy(request: HttpRequest, video: Video) -> BrowserCopyOut | None:
    if not video.browser_file:
        return None
    download = request.build_absolute_uri(reverse("api:download", args=[video.public_id]))
    return BrowserCopyOut(
        url=f"{download}?output_type=browser",
        bytes=video.browser_byte_count,
        sha256=video.browser_sha256 or None,
    )


_UNEXPLAINED = Trouble(code="failed", message="The video failed for an unknown reason.")
_IS_POSSIBLE: dict[Action, Callable[[Video], bool]] = {
    "cancel": lambda video: video.can_cancel,
    "retry": lambda video: video.can_retry,
    "check-again": lambda video: video.can_check_again,
    "submit-again": lambda video: video.needs_decision,
    "give-up": lambda video: video.needs_decision,
}


def _build_urls(request: HttpRequest, video: Video) -> UrlsOut:
    def absolute(name: str) -> str:
        return request.build_absolute_uri(reverse(f"api:{name}", args=[video.public_id]))

    download = absolute("download")
    return UrlsOut(
        self=absolute("retrieve"),
        page=request.build_absolute_uri(video.get_absolute_url()),
        download=download if video.file else None,
        thumbnail=f"{download}?output_type=thumbnail" if video.poster else None,
        spritesheet=f"{download}?output_type=spritesheet" if video.scrub_sheet else None,
    )


def _to_float(amount: Decimal | None) -> float | None:
    return None if amount is None else float(amount)


def _to_unix(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp())
