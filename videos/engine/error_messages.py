"""What people are told about a backend's errors."""

from videos.backends.errors import BackendError, RefusedError, UnavailableError
from videos.backends.responses import Job
from videos.models.values import Reason

LOST = Reason(
    "dropped", "The backend did not confirm the submission. We're checking whether it was accepted."
)

_BY_CODE = {
    "moderation_blocked": "The backend's content filter stopped this video. Change the prompt and try again.",
    "sentinel_block": "The backend's content filter refused this prompt. Change it and try again.",
    "invalid_key": "The backend refused the API key. Videos stay queued until an operator sets a valid one.",
    "not_found": "The backend could not find this job. We'll check once more to be sure.",
    "source_unknown": "The backend no longer has the source video. Nothing was charged.",
    "rate_limited": "The backend asked us to slow down. The video will be submitted as soon as possible.",
}


def reason_of(error: BackendError) -> Reason:
    """Return the code, the sentence for the owner and the detail for operators that describe `error`."""
    message = _BY_CODE.get(error.code)
    if message is None and isinstance(error, RefusedError):
        message = f"The backend refused this video: {error.message}"
    elif message is None and isinstance(error, UnavailableError):
        message = f"The backend cannot be reached right now: {error.message}"
    elif message is None:
        message = LOST.message
    detail = f"HTTP {error.status} {error.detail}" if error.status else error.detail
    return Reason(error.code, message, detail or error.message)


def reason_of_failure(job: Job) -> Reason:
    """Return the reason that the backend gives for the failure of `job`."""
    code = job.error_code or "generation_failed"
    stated = job.error_message or f"status {job.raw_status}"
    return Reason(code, _BY_CODE.get(code, f"The backend could not generate this video: {stated}"), stated)


TIMED_OUT = Reason(
    "timed_out",
    "This took longer than the time limit. Use “Check again” to see whether it has finished since.",
)
JOB_GONE = Reason("not_found", "The backend no longer knows this job, so the video cannot be downloaded.")
SOURCE_GONE = Reason(
    "source_gone",
    "The source video no longer exists. Nothing was submitted, and nothing was charged.",
)
