"""What people are told about a backend's errors."""

from videos.backends.errors import BackendError, FailedJobError, RefusedError, UnavailableError
from videos.backends.responses import Job
from videos.formatting import format_duration
from videos.models import Video
from videos.models.values import Reason

LOST = Reason(
    "dropped", "The backend did not confirm the submission. We're checking whether it was accepted."
)

_BY_CODE = {
    "invalid_key": "The backend refused the API key. Videos stay queued until an operator sets a valid one.",
    "key_withheld": "The backend's key waits to be confirmed by an operator. Videos stay queued until then.",
    "blocked": "The backend, or a firewall in front of it, refuses all our requests. Videos stay queued until"
    " they are let through again.",
    "not_found": "The backend could not find this job. We'll check once more to be sure.",
    "source_unknown": "The backend no longer has the source video. Nothing was charged.",
    "rate_limited": "The backend asked us to slow down. The video will be submitted as soon as possible.",
    "out_of_credit": "The backend's account is out of credit. The video stays queued and will be submitted"
    " when there is credit again. Nothing was charged.",
}
_CONTENT_FILTER = {
    "moderation_blocked": "The backend's content filter stopped this video. Change the prompt and try again.",
    "sentinel_block": "The backend's content filter refused this prompt. Change it and try again.",
}
_REFUSAL = "The backend refused the request"
_CHECKING = " We're checking whether it was accepted."


def reason_of(error: BackendError) -> Reason:
    """Return the code, the sentence for the owner and the detail for operators that describe `error`."""
    if error.code in _CONTENT_FILTER:
        reason = _failure(error.code, _stated_refusal(error))
        return Reason(reason.code, reason.message, _detail_of(error))
    message = _BY_CODE.get(error.code)
    if message is None and isinstance(error, RefusedError):
        message = f"The backend refused this video: {_stated_refusal(error)}"
    elif message is None and isinstance(error, UnavailableError):
        message = f"The backend cannot be reached right now: {error.message}"
    elif message is None:
        stated = error.message if error.status else "The backend did not confirm the submission."
        message = f"{_full_stop(stated)}{_CHECKING}"
    return Reason(error.code, message, _detail_of(error))


def pause_reason_of(error: BackendError) -> str:
    """Return the sentence for staff about why a backend is paused."""
    if error.code == "out_of_credit":
        return f"{_full_stop(error.message)} Add credit at the provider, then resume it."
    if error.code == "key_withheld":
        return error.message
    return reason_of(error).message


def reason_of_unanswered_poll(error: BackendError) -> Reason:
    """Return the reason why nothing was learned about a running job, which is polled again."""
    if error.code == "out_of_credit":
        message = "The backend's account is out of credit, so it does not show this job. We'll keep asking."
    elif error.code in _BY_CODE or not isinstance(error, RefusedError):
        return reason_of(error)
    else:
        stated = _full_stop(_stated_refusal(error))
        message = f"The backend does not show this job right now: {stated} We'll keep asking."
    return Reason(error.code, message, _detail_of(error))


def reason_of_failure(job: Job) -> Reason:
    """Return the reason that the backend gives for the failure of `job`."""
    return _failure(job.error_code, job.error_message or f"status {job.raw_status}")


def reason_of_failed_job(error: FailedJobError) -> Reason:
    """Return the reason for the failure of a job that the backend does not show, or shows as completed."""
    reason = _failure(error.code, error.message)
    return Reason(reason.code, reason.message, _detail_of(error))


def reason_of_loss(error: BackendError) -> Reason:
    """Return the reason for the failure of a job that the backend says it has no longer."""
    message = f"{_full_stop(error.message)} It can't be downloaded any more."
    return Reason("gone", message, _detail_of(error))


def reason_of_timeout(seconds: int, *, in_queue: bool) -> Reason:
    """Return the reason for a video that reached a time limit of so many seconds, in the backend's queue or
    while the backend worked on it.
    """
    limit = format_duration(seconds)
    if in_queue:
        message = f"The backend has not made this video within {limit} of waiting."
    else:
        message = f"This took longer than the time limit of {limit}."
    return Reason("timed_out", message)


def reason_of_absence(video: Video, *, gives_up: bool) -> Reason:
    """Return the reason for an uncertain video of which the backend provably made no job, in its own words.

    It is to be submitted again, or not any more when `gives_up`.
    """
    stated = video.error_message.removesuffix(_CHECKING)
    if gives_up:
        times = video.failed_submissions
        message = f"The backend did not accept this video in {times} attempts, so it cost nothing. {stated}"
    else:
        message = f"{stated} The job was not accepted, so nothing was charged. We'll submit it again."
    return Reason(video.error_code, message, video.error_detail)


def _failure(code: str, stated: str) -> Reason:
    code = code or "generation_failed"
    message = _CONTENT_FILTER.get(code)
    if message is None:
        message = f"The backend could not generate this video: {stated}"
    elif stated:
        message = f"{message} It said: {stated}"
    return Reason(code, message, stated)


def _stated_refusal(error: BackendError) -> str:
    """The server's own sentence where there is one, without what we put before it."""
    return error.message.removeprefix(f"{_REFUSAL}: ")


def _full_stop(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _detail_of(error: BackendError) -> str:
    detail = f"HTTP {error.status} {error.detail}" if error.status else error.detail
    return detail or error.message


JOB_GONE = Reason("not_found", "The backend no longer knows this job, so the video cannot be downloaded.")
SOURCE_GONE = Reason(
    "source_gone",
    "The source video no longer exists. Nothing was submitted, and nothing was charged.",
)
