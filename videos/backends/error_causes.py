"""What the body of an HTTP error says beyond its status: no credit, a content filter, a job that is gone.

Codes and types are believed from any server. Sentences are believed only where no text of a user can stand in
them, or where a mistake hurts nobody else: servers like to quote the prompt that they refuse.
"""

import re

from videos.backends.responses import parse_error, parse_json

MAX_WORDS = 500  # characters of a server's own sentence

_NO_CREDIT_CODE = re.compile(
    r"insufficient_?(user_?)?(quota|credits?|balance|funds)|billing_?(hard_?)?limit(_reached|_exceeded)?|billing_not_active"
    r"|budget_?exceeded|payment_?required|out_?of_?credits?|no_?credits?|quota_not_enough",
    re.IGNORECASE,
)
_NO_CREDIT_WORDS = re.compile(
    _NO_CREDIT_CODE.pattern + r"|insufficient (quota|credits?|balance|funds)|out of credits?"
    r"|budget has been exceeded|balance is too low|hard limit has been reached",
    re.IGNORECASE,
)

_CONTENT_CODES = frozenset(
    {
        "content_filter",
        "content_filtered",
        "content_policy_violation",
        "content_violation",
        "moderation_blocked",
        "responsible_ai_policy_violation",
        "safety_violation",
        "sentinel_block",
    }
)
# LiteLLM hands on Veo's operation as text: "… 'raiMediaFilteredReasons': ['Veo could not generate videos …".
_CONTENT_WORDS = re.compile(
    r"raiMediaFiltered|content[ _-]policy[ _-]violation|responsible ai"
    r"|violat\w+ .{0,60}(policy|policies|guidelines|terms)"
    r"|(blocked|filtered|rejected|stopped|flagged) by .{0,60}(safety|moderation|content|policy)"
    r"|safety filters?\b",
    re.IGNORECASE | re.DOTALL,
)
_RAI_REASONS = re.compile(r"raiMediaFilteredReasons\W+:\s*\[\s*([\"'])(.+?)\1\s*[\],]", re.DOTALL)
_NOT_NOW = re.compile(r"unavailable|overloaded|timed? ?out|connection|temporar", re.IGNORECASE)

_GONE = re.compile(
    r"no longer (available|exists?|stored|accessible)|\bexpired\b"
    r"|(has|have|was|were) (already )?(been )?(deleted|removed|purged)",
    re.IGNORECASE,
)
# What else may have expired.
_NOT_THE_JOB = re.compile(r"key|token|session|signature|credential|certificate|licen[cs]e", re.IGNORECASE)

_MODEL_CODE = re.compile(
    r"(unknown|invalid|unsupported)_model|model_not_(found|available|supported)", re.IGNORECASE
)
# The model's name stands between the words; a prompt that is quoted is longer.
_MODEL_WORDS = re.compile(
    r"not a valid model|unknown model|(access|find) (the )?model|no endpoints? found"
    r"|\bmodels?\b.{0,100}?(not found|not exist|n't exist|(not|no longer) (available|supported))",
    re.IGNORECASE,
)

_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)


def lacks_credit(status: int, content: bytes) -> bool:
    """Whether an HTTP error says that the account has no credit left.

    OpenAI says it with a 429 (`insufficient_quota`) or a 400 (`billing_hard_limit_reached`), new-api gateways
    with a 403 (`insufficient_user_quota`), LiteLLM with a 400 (`budget_exceeded`), others with a 402.
    """
    if not 400 <= status < 500:
        return False
    if status == 402:
        return True
    payload = parse_json(content)
    if any(_NO_CREDIT_CODE.fullmatch(code) for code in _codes(payload)):
        return True
    return status == 429 and bool(_NO_CREDIT_WORDS.search(parse_error(payload)[1]))


def content_refusal(content: bytes) -> str | None:
    """Return the server's sentence if the error says that a content filter stopped the video, else None.

    Only JSON is read: an error page says nothing about one job.
    """
    payload = parse_json(content)
    _, words = parse_error(payload)
    if _CONTENT_CODES.intersection(_codes(payload)):
        return words
    if not is_content_refusal(words):
        return None
    reasons = _RAI_REASONS.search(words)
    return reasons[2] if reasons else words


def is_content_refusal(words: str) -> bool:
    """Whether a server's sentence about one video says that a content filter stopped it."""
    if "raiMediaFiltered" not in words and _NOT_NOW.search(words):
        return False
    return bool(_CONTENT_WORDS.search(words))


def is_unknown_model(content: bytes) -> bool:
    """Whether the refusal of a create says that the server does not have the model, or no longer."""
    payload = parse_json(content)
    if any(_MODEL_CODE.fullmatch(code) for code in _codes(payload)):
        return True
    return bool(_MODEL_WORDS.search(parse_error(payload)[1]))


def is_gone(status: int, content: bytes) -> bool:
    """Whether an error says that the job or its file was there and is there no longer."""
    if status == 410:
        return True
    _, words = parse_error(parse_json(content))
    return status < 500 and bool(_GONE.search(words)) and not _NOT_THE_JOB.search(words)


def words_of(content: bytes) -> str:
    """Return the server's own sentence: of JSON its error, of a page its title; empty when there is none."""
    payload = parse_json(content)
    if payload is not None:
        return parse_error(payload)[1]
    title = _TITLE.search(content[:100_000].decode("utf-8", "replace"))
    return " ".join(title[1].split()) if title else ""


def is_page(content: bytes) -> bool:
    """Whether this is a web page: what firewalls, proxies and sign-in forms send instead of an error."""
    return content.lstrip()[:1] == b"<"


def _codes(payload: object) -> set[str]:
    """Return the codes and types in an error, in lower case."""
    error = payload
    for _ in range(3):
        if isinstance(error, dict) and isinstance(error.get("error") or error.get("detail"), dict):
            error = error.get("error") or error.get("detail")
    if not isinstance(error, dict):
        return set()
    return {value.lower() for key in ("code", "type") if isinstance(value := error.get(key), str)}
