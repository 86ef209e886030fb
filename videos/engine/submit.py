"""One paid submission: claim, talk, write back. It is made once, whatever happens on the way."""

import logging
import time
import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

from django.db import OperationalError, transaction
from django.utils import timezone

from videos import lifecycle
from videos.backends.client import ReferenceFile
from videos.backends.drivers.litellm import routed
from videos.backends.errors import BackendError, Refused, Unavailable, Unknown
from videos.backends.responses import Job
from videos.engine import (
    clients,
    concat,
    dispatch,
    durations,
    enqueue,
    inline_results,
    operations,
    pacing,
    rate_limit,
)
from videos.engine.dispatch import Claim
from videos.engine.error_messages import SOURCE_GONE, reason_of, reason_of_failure
from videos.engine.operations import Operation
from videos.engine.pacing import Expectation
from videos.engine.store import folder_of, workspace
from videos.lifecycle import Reason
from videos.media.clip import NotAVideo
from videos.media.reference import BadReference, fit_reference
from videos.models import Fit, Kind, State, Video

logger = logging.getLogger(__name__)

GRACE = timedelta(seconds=5)  # before the first look for a job whose acceptance nobody saw
KEY_PAUSE = 60.0  # seconds a backend rests after it refused the key
UNAVAILABLE_PAUSE = 5.0  # seconds a backend rests that cannot be reached


def submit_next(backend_id: int) -> bool:
    """Submit the video whose turn it is. Returns False when there was nothing to start."""
    claim = dispatch.claim_next(backend_id)
    if claim is None:
        return False
    submit(claim)
    return True


def submit(claim: Claim) -> None:
    """Ask the backend for the claimed video, exactly once, and write down what came of it.

    Only one that says it does not know the source is asked a second time, with the file. Whatever interrupts
    this between the claim and the written answer leaves a lease that runs out, which makes the video
    uncertain; it never leads to a second request by itself.
    """
    video = Video.objects.select_related("backend", "reference", "source").get(pk=claim.video_id)
    try:
        operations.check_source(video)
        reference = _reference(video)
        ways = operations.operations_for(video, reference)
    except operations.SourceGoneError as error:
        lifecycle.refuse(video.pk, claim.token, replace(SOURCE_GONE, detail=str(error)))
        return
    except (BadReference, OSError) as error:
        sentence = _SOURCE_UNREADABLE if video.concat_with_source else _REFERENCE_GONE
        lifecycle.refuse(video.pk, claim.token, Reason("bad_reference", sentence, repr(error)))
        return
    # Read before the money is spent: nothing may stand between the job's id and its being written down.
    expected = durations.expectation_for(durations.profile_of(video))
    try:
        job = _submit_with_fallback(claim, video, ways)
    except operations.SourceGoneError as error:
        lifecycle.refuse(video.pk, claim.token, replace(SOURCE_GONE, detail=str(error)))
    except BackendError as error:
        _not_accepted(claim, video, error)
    else:
        if job is not None:
            _accepted(claim, video, job, expected)


def _submit_with_fallback(claim: Claim, video: Video, ways: Sequence[Operation]) -> Job | None:
    """Ask in the first way, and in the next only where the backend provably refused that one because it does
    not know the source. None: the lease no longer allows it. Raises `BackendError` or `SourceGoneError`.
    """
    way, *others = ways
    try:
        return _submit_once(claim, video, way)
    except Refused as error:
        if error.code != "source_unknown" or not others:
            raise
        logger.info("Video %s: its source's file is sent instead: %s", video.public_id, error.message)
    rate_limit.acquire(video.backend_id, 1, now=timezone.now())  # counted, be there one left or not
    return _submit_with_fallback(claim, video, others)


def _submit_once(claim: Claim, video: Video, way: Operation) -> Job | None:
    deadline = timedelta(seconds=clients.connection_for(video.backend).deadline)
    with way.opened() as ask, clients.client_for(video.backend) as client:
        # A worker that was frozen since the claim must not spend money that a later attempt spends too.
        # Asked last of all: from here to the request there is nothing left that takes time.
        if not lifecycle.holds_lease(video.pk, claim.token, margin=deadline):
            return None
        job = ask(client)
    if video.kind == Kind.CREATE:
        return job
    return replace(job, id=routed(job.id, video.model))


_REFERENCE_GONE = "The reference image could not be read. Nothing was submitted. Choose it again."
_SOURCE_UNREADABLE = "The video to go on from cannot be read. Nothing was submitted."


def _reference(video: Video) -> ReferenceFile | None:
    """The reference at exactly the video's size, because servers refuse any other.

    Of an extension that is joined here it is the last frame of its source.
    """
    if video.concat_with_source:
        try:
            with workspace(video.lease_token or uuid.uuid4()) as folder:
                fitted = concat.last_frame_of_source(video, folder)
        except NotAVideo as error:
            raise BadReference("damaged", f"{error} {error.detail}") from error
    elif video.reference is None:
        return None
    else:
        with video.reference.file.open("rb") as file:
            how: Literal["crop", "pad"] = "pad" if video.reference_fit == Fit.PAD else "crop"
            fitted = fit_reference(file.read(), video.size, how=how)
    return ReferenceFile(f"reference.{fitted.extension}", fitted.content, fitted.content_type)


def _not_accepted(claim: Claim, video: Video, error: BackendError) -> None:
    reason = reason_of(error)
    if isinstance(error, Unknown):
        logger.warning("Video %s: acceptance unknown: %s", video.public_id, reason.detail or reason.message)
        lifecycle.mark_uncertain(video.pk, claim.token, reason, due_at=timezone.now() + GRACE)
    elif isinstance(error, Refused) and error.code != "invalid_key":
        lifecycle.refuse(video.pk, claim.token, reason)
    else:
        _postpone(claim, video, error, reason)


def _postpone(claim: Claim, video: Video, error: BackendError, reason: Reason) -> None:
    """Rest the backend rather than fail its whole queue for a reason that is not the video's."""
    asked = error.retry_after if isinstance(error, Unavailable) else KEY_PAUSE
    seconds = asked if asked is not None else UNAVAILABLE_PAUSE
    dispatch.pause(video.backend_id, seconds=seconds, reason=reason.message)
    lifecycle.requeue(video.pk, claim.token, reason, due_at=timezone.now() + timedelta(seconds=seconds))


def _accepted(claim: Claim, video: Video, job: Job, expected: Expectation | None) -> None:
    inline_results.save_result(folder_of(video), job)
    due_at = timezone.now() + timedelta(seconds=pacing.first_look(job, expected))
    if not _record_acceptance(claim, job, due_at=due_at):
        _accepted_too_late(claim, video, job)
    # The cancellation that came while the request was on its way can be carried out now.
    if Video.objects.filter(pk=video.pk, cancel_requested_at__isnull=False).exists():
        lifecycle.cancel(video.pk)


def _record_acceptance(claim: Claim, job: Job, *, due_at: datetime) -> bool:
    """Keep the job's id, trying for a while where the database is busy: it is worth what the job costs."""
    for pause in (0.2, 0.5, 1, 2, 5):
        try:
            return _accept(claim, job, due_at=due_at)
        except OperationalError:
            logger.exception("Could not write down job %s of video row %s yet", job.id, claim.video_id)
            time.sleep(pause)
    return _accept(claim, job, due_at=due_at)


def _accept(claim: Claim, job: Job, *, due_at: datetime) -> bool:
    with transaction.atomic():
        accepted = lifecycle.accept(
            claim.video_id, claim.token, job_id=job.id, progress=job.progress, due_at=due_at
        )
        if accepted:
            _apply_final_status(claim.video_id, job)
    return accepted


def _apply_final_status(video_id: int, job: Job) -> None:
    """Move on at once where the reply says how the job ended: a synchronous server may not know it later."""
    if job.status == "completed" and lifecycle.begin_storing(video_id, job.id):
        enqueue.send_after_commit("store", video_id)
    elif job.status == "failed":
        lifecycle.fail_generation(video_id, job.id, reason_of_failure(job))


def _accepted_too_late(claim: Claim, video: Video, job: Job) -> None:
    """The lease ran out while the request was on its way, so the row may have moved on without the job."""
    now = timezone.now()
    for old in (State.UNCERTAIN, State.QUEUED):
        with transaction.atomic():
            if lifecycle.adopt(video.pk, old, attempted_at=claim.attempted_at, job_id=job.id, due_at=now):
                _apply_final_status(video.pk, job)
                return
    if Video.objects.filter(backend=video.backend_id, backend_job_id=job.id).exists():
        return  # found and adopted meanwhile, or the backend gave one id twice
    logger.critical("Job %s was accepted for video %s, which moved on; deleting it", job.id, video.public_id)
    if video.backend.can_delete is False:
        return
    try:
        with clients.client_for(video.backend) as client:
            client.delete(job.id)
    except BackendError:
        logger.exception("Job %s could not be deleted at %s", job.id, video.backend)
