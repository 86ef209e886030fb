"""One paid submission: claim, send, record. It is sent once, whatever happens on the way."""

import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import OperationalError, transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from videos import lifecycle
from videos.backends.errors import BackendError, RefusedError, UnavailableError, UnknownOutcomeError
from videos.backends.exchanges import ExchangeLog
from videos.backends.responses import Job
from videos.engine import (
    bulkhead,
    callbacks,
    clients,
    dispatch,
    durations,
    enqueue,
    inline_results,
    operations,
    pacing,
    rate_limit,
    submission_records,
)
from videos.engine.dispatch import Claim
from videos.engine.error_messages import (
    LOST,
    SOURCE_GONE,
    pause_reason_of,
    reason_of,
    reason_of_failure,
)
from videos.engine.operations import Operation
from videos.engine.pacing import DurationEstimate
from videos.engine.request_images import read_images
from videos.engine.store import folder_of
from videos.lifecycle import story
from videos.media.errors import DecoderBusyError
from videos.media.reference import BadReferenceError
from videos.models import State, Video
from videos.models.values import Reason

logger = logging.getLogger(__name__)

FIRST_SEARCH_AFTER = timedelta(seconds=5)  # before the first search for a job whose submission got no reply
INVALID_KEY_PAUSE = 60.0  # seconds a backend is paused for after it refused the key
UNAVAILABLE_PAUSE = 5.0  # seconds a backend is paused for that cannot be reached
RATE_LIMIT_PAUSE = 5.0, 300.0  # seconds, the first and the longest, when it does not say how long
NO_CREDIT_PAUSE = 300.0, 3600.0
DECODER_PAUSE = timedelta(seconds=5)  # before a video is claimed again whose image could not be read yet


@bulkhead.limited(refused=False)
def submit_next(backend_id: int) -> bool:
    """Submit the video that is next at this backend. Returns False when there was nothing to start."""
    claim = dispatch.claim_next(backend_id)
    if claim is None:
        return False
    dispatch.hint_at_next(backend_id)  # before the request, which takes its time: others start beside it
    submit(claim)
    return True


def submit(claim: Claim) -> None:
    """Request the claimed video from its backend, exactly once, and record the outcome.

    Only a backend that answers that it does not know the source is sent a second request, with the file.
    Whatever interrupts this between the claim and the recorded reply leaves a lease that runs out, which
    makes the video uncertain; it never leads to a second request by itself.
    """
    rows = Video.objects.select_related("backend", "reference", "last_frame", "source")
    video = rows.get(pk=claim.video_id)
    with story.about(video), story.span("submit", video):
        _submit(claim, video)


def _submit(claim: Claim, video: Video) -> None:
    try:
        operations.check_source(video)
        choices = operations.operations_for(video, read_images(video))
    except operations.SourceGoneError as error:
        _refuse(claim, replace(SOURCE_GONE, detail=str(error)))
        return
    except DecoderBusyError:
        _requeue(claim, video, _STUDIO_BUSY, due_at=timezone.now() + DECODER_PAUSE)
        return
    except (BadReferenceError, OSError) as error:
        message = _SOURCE_UNREADABLE if video.concat_with_source else _IMAGE_GONE
        _refuse(claim, Reason("bad_reference", message, repr(error)))
        return
    # Read before money is spent: nothing may stand between learning the job's id and storing it.
    estimate = durations.estimate_for(durations.profile_of(video))
    with submission_records.recording(video) as exchange_log:
        try:
            job = _submit_with_fallback(claim, video, choices, exchange_log)
        except operations.SourceGoneError as error:
            _refuse(claim, replace(SOURCE_GONE, detail=str(error)))
        except BackendError as error:
            _handle_error(claim, video, error)
        else:
            if job is not None:
                _handle_job(claim, video, job, estimate)


def _submit_with_fallback(
    claim: Claim, video: Video, choices: Sequence[Operation], exchange_log: ExchangeLog
) -> Job | None:
    """Send the first operation, and the next only if the backend refused it for not knowing the source.

    Returns None when the lease no longer allows it. Raises `BackendError` or `SourceGoneError`.
    """
    operation, *others = choices
    try:
        return _submit_once(claim, video, operation, exchange_log)
    except RefusedError as error:
        if error.code != "source_unknown" or not others:
            raise
        logger.info("Video %s: sending its source as a file instead: %s", video.public_id, error.message)
    rate_limit.acquire(video.backend_id, 1, now=timezone.now())  # counted, whether one is left or not
    return _submit_with_fallback(claim, video, others, exchange_log)


def _submit_once(claim: Claim, video: Video, operation: Operation, exchange_log: ExchangeLog) -> Job | None:
    deadline = timedelta(seconds=clients.connection_for(video.backend).deadline)
    callback_url = callbacks.callback_url(video)
    client_of_video = clients.client_for(
        video.backend, video.hops, callback_url=callback_url, exchange_log=exchange_log
    )
    with operation.prepare() as send_request, client_of_video as client, story.span("request", video):
        # A worker that was frozen since the claim must not spend money that a later attempt spends too.
        # Checked last of all: from here to the request there is nothing left that takes time.
        if not lifecycle.holds_lease(video.pk, claim.token, margin=deadline):
            return None
        return send_request(client)


_IMAGE_GONE = gettext_noop("The reference image could not be read. Nothing was submitted. Choose it again.")
_STUDIO_BUSY = Reason(
    "busy",
    gettext_noop("The studio is busy reading other files. This video is submitted in a moment."),
)
_SOURCE_UNREADABLE = gettext_noop("The video to be extended cannot be read. Nothing was submitted.")


def _handle_error(claim: Claim, video: Video, error: BackendError) -> None:
    reason = reason_of(error)
    if isinstance(error, UnknownOutcomeError):
        logger.warning(
            "Video %s: it is unknown whether the backend accepted it: %s",
            video.public_id,
            reason.detail or reason.message,
        )
        _mark_uncertain(claim, video, reason)
    elif isinstance(error, RefusedError) and not error.concerns_account:
        _refuse(claim, reason)
    else:
        _pause_and_requeue(claim, video, error, reason)


def _refuse(claim: Claim, reason: Reason) -> None:
    """Fail the video: nothing was accepted. Of a repeat that is not known: the first request may have been,
    whatever is wrong with the second, so its job is searched for.
    """
    if not claim.is_repeat:
        lifecycle.refuse(claim.video_id, claim.token, reason)
        return
    logger.warning("Video row %s: its request could not be repeated: %s", claim.video_id, reason.message)
    lifecycle.mark_still_uncertain(claim.video_id, claim.token, LOST, due_at=timezone.now(), can_repeat=False)


def _mark_uncertain(claim: Claim, video: Video, reason: Reason) -> None:
    now = timezone.now()
    if not claim.is_repeat:
        due_at = now + FIRST_SEARCH_AFTER
        lifecycle.mark_uncertain(video.pk, claim.token, reason, due_at=due_at, is_backend_failure=True)
        return
    due_at = now + timedelta(seconds=pacing.backoff(video.attempts, first=5, longest=120))
    lifecycle.mark_still_uncertain(video.pk, claim.token, reason, due_at=due_at, can_repeat=True)


def _pause_and_requeue(claim: Claim, video: Video, error: BackendError, reason: Reason) -> None:
    """Pause the backend rather than fail its whole queue for a reason that is not the video's."""
    seconds = _pause(video.backend_id, error, pause_reason_of(error))
    _requeue(claim, video, reason, due_at=timezone.now() + timedelta(seconds=seconds))


def _requeue(claim: Claim, video: Video, reason: Reason, *, due_at: datetime) -> None:
    if claim.is_repeat:  # this request was not accepted, but the first may have been
        lifecycle.mark_still_uncertain(video.pk, claim.token, LOST, due_at=due_at, can_repeat=True)
    else:
        lifecycle.requeue(video.pk, claim.token, reason, due_at=due_at)


def _pause(backend_id: int, error: BackendError, why: str) -> float:
    """Pause the backend and return the seconds: as many as it asked for, else as fits the error."""
    if error.code == "out_of_credit":  # its Retry-After is that of a rate limit, and fills no account
        first, longest = NO_CREDIT_PAUSE
        return dispatch.pause_longer(backend_id, reason=why, first=first, longest=longest, code=error.code)
    if isinstance(error, UnavailableError) and error.retry_after:
        seconds = error.retry_after
    elif error.code == "rate_limited":
        first, longest = RATE_LIMIT_PAUSE
        return dispatch.pause_longer(backend_id, reason=why, first=first, longest=longest, code=error.code)
    else:
        seconds = UNAVAILABLE_PAUSE if isinstance(error, UnavailableError) else INVALID_KEY_PAUSE
    dispatch.pause(backend_id, seconds=seconds, reason=why, code=error.code)
    return seconds


def _handle_job(claim: Claim, video: Video, job: Job, estimate: DurationEstimate | None) -> None:
    inline_results.save_result(folder_of(video), job)
    due_at = timezone.now() + timedelta(seconds=pacing.first_poll_delay(job, estimate))
    if not _record_acceptance(claim, job, due_at=due_at):
        _handle_late_acceptance(claim, video, job)
    dispatch.note_acceptance(video.backend_id)
    # A cancellation that came while the request was under way can be carried out now.
    if Video.objects.filter(pk=video.pk, cancel_requested_at__isnull=False).exists():
        lifecycle.cancel(video.pk)


def _record_acceptance(claim: Claim, job: Job, *, due_at: datetime) -> bool:
    """Store the job's id, retrying for a while when the database is busy: losing it would cost the job."""
    for pause in (0.2, 0.5, 1, 2, 5):
        try:
            return _accept(claim, job, due_at=due_at)
        except OperationalError:
            logger.exception("Job %s of video row %s could not be recorded yet", job.id, claim.video_id)
            time.sleep(pause)
    return _accept(claim, job, due_at=due_at)


def _accept(claim: Claim, job: Job, *, due_at: datetime) -> bool:
    with transaction.atomic():
        accepted = lifecycle.accept(
            claim.video_id,
            claim.token,
            job_id=job.id,
            progress=job.progress,
            due_at=due_at,
            is_queued=job.status == "queued",
        )
        if accepted:
            _apply_final_status(claim.video_id, job)
    return accepted


def _apply_final_status(video_id: int, job: Job) -> None:
    """Move on at once if the reply says how the job ended: a synchronous server may not know it later."""
    if job.status == "completed" and lifecycle.begin_storing(
        video_id, job.id, charge=job.charge, seed=job.seed
    ):
        enqueue.send_after_commit("store", video_id)
    elif job.status == "failed":
        lifecycle.fail_generation(video_id, job.id, reason_of_failure(job), charge=job.charge)


def _handle_late_acceptance(claim: Claim, video: Video, job: Job) -> None:
    """Adopt a job whose lease ran out while the request was under way, or delete it at the backend when the
    video has moved on without it.
    """
    now = timezone.now()
    for old in (State.UNCERTAIN, State.QUEUED):
        with transaction.atomic():
            if lifecycle.adopt(video.pk, old, attempted_at=claim.attempted_at, job_id=job.id, due_at=now):
                _apply_final_status(video.pk, job)
                return
    if Video.objects.filter(backend=video.backend_id, backend_job_id=job.id).exists():
        return  # adopted meanwhile, or the backend gave one id twice
    logger.critical(
        "Job %s was accepted for video %s, which has moved on; deleting the job", job.id, video.public_id
    )
    with transaction.atomic():
        Video.objects.select_for_update().filter(pk=video.pk).first()
        lifecycle.record_surplus_job(video.pk)
    if video.backend.can_delete is False:
        return
    try:
        with clients.client_for(video.backend) as client:
            client.delete(job.id)
    except BackendError:
        logger.exception("Job %s could not be deleted at %s", job.id, video.backend)
