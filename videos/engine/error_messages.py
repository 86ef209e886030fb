"""What people are told about a backend's errors."""

from django.utils.translation import gettext_noop

from contentgen.stored_texts import sentence
from videos.backends.errors import BackendError, FailedJobError, RefusedError, UnavailableError
from videos.backends.responses import Job
from videos.formatting import format_duration
from videos.models import Video
from videos.models.values import Reason

_UNCONFIRMED = sentence(gettext_noop("The backend did not confirm the submission."))
_CHECKING = " We're checking whether it was accepted."
_CHECKED = sentence(gettext_noop("%(sentence)s We're checking whether it was accepted."))

LOST = Reason("dropped", f"{_UNCONFIRMED}{_CHECKING}")

_BY_CODE = {
    "invalid_key": sentence(
        gettext_noop(
            "The backend refused the API key. Videos stay queued until an operator sets a valid one."
        )
    ),
    "key_withheld": sentence(
        gettext_noop("The backend's key waits to be confirmed by an operator. Videos stay queued until then.")
    ),
    "blocked": sentence(
        gettext_noop(
            "The backend, or a firewall in front of it, refuses all our requests. Videos stay queued until"
            " they are let through again."
        )
    ),
    "not_found": sentence(
        gettext_noop("The backend could not find this job. We'll check once more to be sure.")
    ),
    "source_unknown": sentence(
        gettext_noop("The backend no longer has the source video. Nothing was charged.")
    ),
    "rate_limited": sentence(
        gettext_noop("The backend asked us to slow down. The video will be submitted as soon as possible.")
    ),
    "out_of_credit": sentence(
        gettext_noop(
            "The backend's account is out of credit. The video stays queued and will be submitted"
            " when there is credit again. Nothing was charged."
        )
    ),
}
_CONTENT_FILTER = {
    "moderation_blocked": gettext_noop(
        "The backend's content filter stopped this video. Change the prompt and try again."
    ),
    "sentinel_block": gettext_noop(
        "The backend's content filter refused this prompt. Change it and try again."
    ),
}
_CONTENT_FILTER_SAID = {
    "moderation_blocked": sentence(
        gettext_noop(
            "The backend's content filter stopped this video. Change the prompt and try again."
            " It said: %(sentence)s"
        )
    ),
    "sentinel_block": sentence(
        gettext_noop(
            "The backend's content filter refused this prompt. Change it and try again. It said: %(sentence)s"
        )
    ),
}
_REFUSAL = "The backend refused the request"
_REFUSED = sentence(gettext_noop("The backend refused this video: %(sentence)s"))
_UNREACHABLE = sentence(gettext_noop("The backend cannot be reached right now: %(sentence)s"))
_NO_CREDIT = sentence(gettext_noop("%(sentence)s Add credit at the provider, then resume it."))
_NO_CREDIT_TO_POLL = gettext_noop(
    "The backend's account is out of credit, so it does not show this job. We'll keep asking."
)
_NOT_SHOWN = sentence(
    gettext_noop("The backend does not show this job right now: %(sentence)s We'll keep asking.")
)
_LOST_FOR_GOOD = sentence(gettext_noop("%(sentence)s It can't be downloaded any more."))
_TOO_LONG_IN_QUEUE = sentence(
    gettext_noop("The backend has not made this video within %(duration)s of waiting.")
)
_TOO_LONG = sentence(gettext_noop("This took longer than the time limit of %(duration)s."))
_GIVEN_UP = sentence(
    gettext_noop(
        "The backend did not accept this video in %(times)d attempts, so it cost nothing. %(sentence)s"
    )
)
_SUBMITTED_AGAIN = sentence(
    gettext_noop("%(sentence)s The job was not accepted, so nothing was charged. We'll submit it again.")
)
_FAILED = sentence(gettext_noop("The backend could not generate this video: %(sentence)s"))


def reason_of(error: BackendError) -> Reason:
    """Return the code, the sentence for the owner and the detail for operators that describe `error`."""
    if error.code in _CONTENT_FILTER:
        reason = _failure(error.code, _stated_refusal(error))
        return Reason(reason.code, reason.message, _detail_of(error))
    message = _BY_CODE.get(error.code)
    if message is None and isinstance(error, RefusedError):
        message = _REFUSED % {"sentence": _stated_refusal(error)}
    elif message is None and isinstance(error, UnavailableError):
        message = _UNREACHABLE % {"sentence": error.message}
    elif message is None:
        message = _CHECKED % {"sentence": _full_stop(error.message if error.status else _UNCONFIRMED)}
    return Reason(error.code, message, _detail_of(error))


def pause_reason_of(error: BackendError) -> str:
    """Return the sentence for staff about why a backend is paused."""
    if error.code == "out_of_credit":
        return _NO_CREDIT % {"sentence": _full_stop(error.message)}
    if error.code == "key_withheld":
        return error.message
    return reason_of(error).message


def reason_of_unanswered_poll(error: BackendError) -> Reason:
    """Return the reason why nothing was learned about a running job, which is polled again."""
    if error.code == "out_of_credit":
        message = _NO_CREDIT_TO_POLL
    elif error.code in _BY_CODE or not isinstance(error, RefusedError):
        return reason_of(error)
    else:
        message = _NOT_SHOWN % {"sentence": _full_stop(_stated_refusal(error))}
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
    message = _LOST_FOR_GOOD % {"sentence": _full_stop(error.message)}
    return Reason("gone", message, _detail_of(error))


def reason_of_timeout(seconds: int, *, in_queue: bool) -> Reason:
    """Return the reason for a video that reached a time limit of so many seconds, in the backend's queue or
    while the backend worked on it.
    """
    message = _TOO_LONG_IN_QUEUE if in_queue else _TOO_LONG
    return Reason("timed_out", message % {"duration": format_duration(seconds)})


def reason_of_absence(video: Video, *, gives_up: bool) -> Reason:
    """Return the reason for an uncertain video of which the backend provably made no job, in its own words.

    It is to be submitted again, or not any more when `gives_up`.
    """
    stated = video.error_message.removesuffix(_CHECKING)
    if gives_up:
        message = _GIVEN_UP % {"times": video.failed_submissions, "sentence": stated}
    else:
        message = _SUBMITTED_AGAIN % {"sentence": stated}
    return Reason(video.error_code, message, video.error_detail)


def _failure(code: str, stated: str) -> Reason:
    code = code or "generation_failed"
    if code not in _CONTENT_FILTER:
        message = _FAILED % {"sentence": stated}
    elif stated:
        message = _CONTENT_FILTER_SAID[code] % {"sentence": stated}
    else:
        message = _CONTENT_FILTER[code]
    return Reason(code, message, stated)


def _stated_refusal(error: BackendError) -> str:
    """The server's own sentence where there is one, without what we put before it."""
    return error.message.removeprefix(f"{_REFUSAL}: ")


def _full_stop(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _detail_of(error: BackendError) -> str:
    detail = f"HTTP {error.status} {error.detail}" if error.status else error.detail
    return detail or error.message


JOB_GONE = Reason(
    "not_found",
    gettext_noop("The backend no longer knows this job, so the video cannot be downloaded."),
)
SOURCE_GONE = Reason(
    "source_gone",
    gettext_noop("The source video no longer exists. Nothing was submitted, and nothing was charged."),
)
