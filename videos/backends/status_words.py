"""What a server's word for the state of a job means.

The protocol has four words. Other servers have their own, in any case and with any separator: "Succeeded",
"SUCCESS", "time-out", "Request Moderated".
"""

import re
from typing import Literal

Status = Literal["queued", "in_progress", "completed", "failed"]

_SEPARATORS = re.compile(r"[\W_]+")

# What the protocol and the servers that follow it closely say. Only these make a job of an HTTP error's body,
# where `{"id": "req_1", "status": "error"}` is an error like any other.
PROTOCOL_WORDS: dict[str, Status] = {
    "queued": "queued",
    "inprogress": "in_progress",
    "completed": "completed",
    "succeeded": "completed",
    "success": "completed",
    "failed": "failed",
    "cancelled": "failed",
    "canceled": "failed",
    "expired": "failed",
    "deleted": "failed",
}

_QUEUED = (
    "pending waiting scheduled inqueue enqueued submitted accepted created notstart notstarted throttled"
)
_COMPLETED = "complete done finished succeed successful ready"
_FAILED = (
    "fail failure error errored rejected refused denied blocked moderated contentmoderated requestmoderated"
    " contentfiltered filtered timeout timedout aborted abort terminated killed crashed cancel"
)

STATUS_BY_WORD: dict[str, Status] = {
    **PROTOCOL_WORDS,
    **dict.fromkeys(_QUEUED.split(), "queued"),
    **dict.fromkeys(_COMPLETED.split(), "completed"),
    **dict.fromkeys(_FAILED.split(), "failed"),
}

# Words for work that goes on, whatever else the server says: an address or 100 % beside them prove nothing.
_WORKING = (
    "queued inprogress processing running generating postprocessing preprocessing submitting starting started"
    " preparing uploading rendering encoding dreaming working"
)
WORKING_WORDS = frozenset((*_WORKING.split(), *_QUEUED.split()))

# Failures that say no more than that it failed.
_PLAIN_FAILURES = frozenset({"failed", "fail", "failure", "error", "errored"})


def normalize_word(text: str) -> str:
    """Return the word without case and separators."""
    return _SEPARATORS.sub("", text).lower()


def failure_code(text: str) -> str:
    """Return the code that a word for a failure stands for; empty when it says only that it failed."""
    if normalize_word(text) in _PLAIN_FAILURES:
        return ""
    return _SEPARATORS.sub("_", text.strip()).strip("_").lower()
