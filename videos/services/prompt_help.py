"""Help with prompts: a chat server rewrites one, or describes an image as one.

It is asked only when somebody presses the button, once, and for a bounded time. What was written stays as it
is: what comes back is an offer. No prompt is logged or kept.
"""

import logging
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import ValidationError

from accounts import roles
from accounts.models import ApiToken, User
from billing.errors import RefusedPaymentError
from billing.notices import tell_refusal
from billing.spender import ANY_PRICE, spending
from contentgen.monitoring.measures import PROMPT_HELP
from contentgen.stored_texts import translated
from videos import lifecycle
from videos.backends.chat_answers import ChatAnswer
from videos.backends.errors import BackendError, UnavailableError, UnknownOutcomeError
from videos.models import PromptHelpCall, ReferenceImage
from videos.prompts.answers import is_refusal, unwrap_answer
from videos.prompts.placeholders import ChangedVariablesError, protect_variables
from videos.services.generation_requests import MAX_PROMPT_LENGTH, validate_prompt
from videos.services.images import AnyImage
from videos.services.prompt_help_images import image_url
from videos.services.prompt_help_server import MAX_ASKED, PromptHelpServer, prompt_help_server
from videos.validation import has_visible_text, is_storable

logger = logging.getLogger(__name__)

_WINDOW = 60  # seconds over which a person's requests are counted
_SHARE = 2  # questions at once in one web process, whose other threads answer meanwhile

_IMPROVE = (
    "You rewrite prompts for a text-to-video model. Rewrite the prompt that the user sends so that it"
    " describes one shot: subject, action, setting, camera, light and mood. Keep everything that it says, its"
    " names, numbers and quotations, and write in its language. Keep marks such as ⟦1⟧ exactly as they are,"
    " each of them once. Write at most 120 words, or as many as the prompt has if those are more, and at most"
    f" {MAX_ASKED} characters. Answer with the rewritten prompt alone."
)
_DESCRIBE = (
    "You write prompts for a text-to-video model. Describe the image that the user sends as a prompt for one"
    " shot that begins with it: subject, setting, light, mood, and a movement that fits. Do not name real"
    " people. Write at most 80 words. Answer with the prompt alone."
)
_DESCRIBE_QUESTION = "Write a prompt for a video that begins with this image."

_PROBLEMS = {
    "refused": "{host} refused to answer that.",
    "cut": "The answer was too long and arrived cut off.",
    "tool_call": "{host} answered with no text.",
    "empty": "{host} sent an empty answer.",
}

_share = threading.BoundedSemaphore(_SHARE)


class PromptHelpError(Exception):
    """There is no better prompt. `message` is a sentence for people, `code` is for programs.

    `retry_after` is the wait in seconds that makes sense, None where waiting does not help.
    """

    def __init__(self, message: str, *, code: str, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.retry_after = retry_after


@dataclass(frozen=True)
class PromptOffer:
    """What came back: `text`, a variant of `before`, or a description without one.

    `cost` is None where nobody knows it; `is_shortened` says that the answer was longer than a prompt may be.
    """

    text: str
    before: str
    server: PromptHelpServer
    cost: Decimal | None = None
    is_shortened: bool = False


def improve_prompt(person: User, prompt: str, *, token: ApiToken | None = None) -> PromptOffer:
    """Return the prompt as the chat server rewrites it; its template variables are unchanged.

    Raises `ValidationError` for a prompt that cannot be one, `RefusedPaymentError` where no budget has room
    for it, and `PromptHelpError`.
    """
    server = _require(person)
    _check(prompt)
    try:
        protected = protect_variables(prompt)
    except ChangedVariablesError as error:
        raise _variables_error() from error
    with _counted("improve", person), spending(token=token, confirmed_price=ANY_PRICE):
        answer, cost = _ask(server, person, _IMPROVE, protected.text)
        text, is_shortened = _usable_text(server, answer, asked=protected.text)
        try:
            text = protected.restore(text)
        except ChangedVariablesError as error:
            raise _variables_error() from error
        if text.split() == prompt.split():
            raise PromptHelpError("There was nothing to improve.", code="unchanged")
    return PromptOffer(text, prompt, server, cost, is_shortened)


def describe_image(person: User, image: AnyImage, *, token: ApiToken | None = None) -> PromptOffer:
    """Return a prompt that describes the image, which is the person's own.

    Raises as `improve_prompt` does.
    """
    server = _require(person)
    if not server.can_see:
        raise PromptHelpError("The server that helps with prompts cannot see images.", code="cannot_see")
    with _counted("describe", person), spending(token=token, confirmed_price=ANY_PRICE):
        answer, cost = _ask(server, person, _DESCRIBE, _DESCRIBE_QUESTION, image_url(image))
        text, is_shortened = _usable_text(server, answer)
    return PromptOffer(text, "", server, cost, is_shortened)


def find_image(person: User, public_id: str) -> ReferenceImage:
    """Return the person's image. Raises `ValidationError` (`reference`) where there is none."""
    image = ReferenceImage.objects.filter(owner=person, public_id=public_id).first()
    if image is None:
        raise ValidationError({"reference": "This image no longer exists. Choose another one."})
    return image


def _require(person: User) -> PromptHelpServer:
    roles.require_creator(person)
    server = prompt_help_server()
    if server is None:
        raise PromptHelpError("This studio has no server that helps with prompts.", code="off")
    return server


def _check(prompt: str) -> None:
    try:
        validate_prompt(prompt)
    except ValidationError as error:
        raise ValidationError({"prompt": error.messages}) from error
    if len(prompt) > MAX_ASKED:
        sentence = (
            f"A prompt of up to {MAX_ASKED:,} characters can be improved; this one has {len(prompt):,}."
        )
        raise ValidationError({"prompt": sentence})


# --- Asking ------------------------------------------------------------------------------------------------


@contextmanager
def _counted(kind: Literal["improve", "describe"], person: User) -> Iterator[None]:
    """Let as many in as one person, and one process, may ask; and count what came of it."""
    _limit(person)
    if not _share.acquire(blocking=False):
        raise PromptHelpError(
            "Others are being helped just now. Try again in a moment.", code="busy", retry_after=5
        )
    began, outcome = time.monotonic(), "failed"
    try:
        yield
        outcome = "answered"
    except PromptHelpError as error:
        outcome = error.code
        raise
    except RefusedPaymentError:
        outcome = "unpaid"
        raise
    finally:
        _share.release()
        PROMPT_HELP.add(kind=kind, outcome=outcome)
        seconds = time.monotonic() - began
        logger.info("Prompt help (%s) for user %s: %s after %.1f s", kind, person.pk, outcome, seconds)


def _limit(person: User) -> None:
    """Raise `PromptHelpError` for one question too many in this minute. Without a cache nobody is refused."""
    now = time.time()
    key = f"prompt-help:{person.pk}:{int(now // _WINDOW)}"
    try:
        cache.add(key, 0, _WINDOW)
        count = cache.incr(key)
    except Exception:  # each cache has its own errors, and none may shut people out
        logger.warning("Help with prompts cannot be counted", exc_info=True)
        return
    if count > settings.PROMPT_HELP_PER_MINUTE:
        wait = _WINDOW - int(now % _WINDOW)
        raise PromptHelpError(
            f"That was often in a short time. Try again in {wait} seconds.",
            code="rate_limited",
            retry_after=wait,
        )


def _ask(
    server: PromptHelpServer, person: User, system: str, question: str, image: str = ""
) -> tuple[ChatAnswer, Decimal | None]:
    """Return the answer, and what it cost; None where nobody knows."""
    from videos.backends.chat import ask  # and with it the SDK, which pages do without

    call = _begin(server, person, system + question, has_image=bool(image))
    try:
        answer = ask(
            server.connection,
            name=server.name,
            model=server.model,
            system=system,
            question=question,
            image_url=image,
        )
    except UnknownOutcomeError as error:
        _lose(call)
        raise _as_help_error(error) from error
    except BackendError as error:
        if call is not None:
            lifecycle.fail_prompt_help(call)
        raise _as_help_error(error) from error
    except BaseException:
        _lose(call)
        raise
    if call is None:
        return answer, None
    cost = server.price_of(answer.usage)
    lifecycle.finish_prompt_help(call, cost)
    return answer, cost


def _begin(server: PromptHelpServer, person: User, text: str, *, has_image: bool) -> PromptHelpCall | None:
    """Set aside what it can cost; nothing where no price is known."""
    if not server.is_priced:
        return None
    try:
        return lifecycle.begin_prompt_help(person, server.model, server.most(text, has_image=has_image))
    except RefusedPaymentError as error:
        tell_refusal(error)
        raise


def _lose(call: PromptHelpCall | None) -> None:
    if call is not None:
        lifecycle.lose_prompt_help(call)


def _as_help_error(error: BackendError) -> PromptHelpError:
    wait = error.retry_after if isinstance(error, UnavailableError) else None
    message = translated(error.message)
    if wait:
        message = f"{message} Try again in {round(wait)} seconds."
    return PromptHelpError(message, code=error.code, retry_after=None if wait is None else round(wait))


# --- The answer --------------------------------------------------------------------------------------------


def _usable_text(server: PromptHelpServer, answer: ChatAnswer, *, asked: str = "") -> tuple[str, bool]:
    """Return the prompt in the answer, and whether it had to be shortened."""
    problem = answer.problem
    text = "" if problem else unwrap_answer(answer.text, asked=asked)
    if not problem and is_refusal(answer.text):
        problem = "refused"
    if not problem and not has_visible_text(text):
        problem = "empty"
    if problem:
        raise PromptHelpError(_PROBLEMS[problem].format(host=server.name), code=problem)
    if not is_storable(text):
        raise PromptHelpError("The answer has characters that cannot be stored.", code="bad_reply")
    limit = min(MAX_PROMPT_LENGTH, MAX_ASKED)
    return (text, False) if len(text) <= limit else (_shorten(text, limit), True)


def _shorten(text: str, limit: int) -> str:
    """Return the sentences that fit, or at least the words."""
    cut = text[:limit]
    ends = [match.end() for match in re.finditer(r"[.!?。！？](?=\s|$)", cut)]  # noqa: RUF001
    if ends and ends[-1] > limit // 2:
        return cut[: ends[-1]]
    return cut.rpartition(" ")[0] or cut


def _variables_error() -> PromptHelpError:
    sentence = "The answer changed the template's variables, so it is not used. Try again."
    return PromptHelpError(sentence, code="changed_variables")
