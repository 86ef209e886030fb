"""One question to an OpenAI-compatible chat server, and its answer as plain text.

It may cost money, so it is asked once. The only second request is for servers that said that they do not know
a field of ours, and so answered nothing.
"""

import asyncio
from typing import Any, NoReturn

import httpx2
import openai

from videos.backends.address_guard import AddressGuard
from videos.backends.chat_answers import MAX_ANSWER_TOKENS, ChatAnswer, ChatUsage
from videos.backends.connection import Connection
from videos.backends.error_causes import MAX_WORDS, lacks_credit, words_of
from videos.backends.errors import RefusedError, UnavailableError, UnknownOutcomeError
from videos.backends.http_clients import sdk_for_writes, ssl_context
from videos.backends.network_errors import NOT_SENT, STATUS_ERRORS, TRANSPORT_ERRORS, root_cause
from videos.backends.redaction import Redactor
from videos.backends.responses import parse_error, parse_int, parse_json, parse_retry_after

_MAX_TOKENS_COUNTED = 10_000_000
_TOKENS_FIELD, _NEWER_TOKENS_FIELD = "max_tokens", "max_completion_tokens"


def ask(
    connection: Connection, *, name: str, model: str, system: str, question: str, image_url: str = ""
) -> ChatAnswer:
    """Return the server's answer. `image_url` is a `data:` URL that the question is about, `name` what errors
    call the server at the beginning of a sentence.

    It is over within `connection.timeout` seconds, however slowly the server sends. Raises `RefusedError` and
    `UnavailableError` where nothing was answered, and so nothing is to be paid; `UnknownOutcomeError` where
    nobody can tell.
    """
    connection.check()
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        return runner.run(_ask(connection, name, _body(model, system, question, image_url)))


def list_models(connection: Connection, *, name: str) -> list[str] | None:
    """Return the names of the server's models, which is free; None where it has no list of them.

    Raises as `ask` does.
    """
    connection.check()
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        return runner.run(_list_models(connection, name))


async def _list_models(connection: Connection, name: str) -> list[str] | None:
    client = sdk_for_writes(connection, ssl_context(), AddressGuard(connection))
    try:
        async with asyncio.timeout(connection.timeout):
            response = await client.get("/models", cast_to=httpx2.Response)
    except openai.NotFoundError:
        return None
    except TRANSPORT_ERRORS as error:
        _raise_error(connection, name, error)
    finally:
        await client.close()
    payload = parse_json(response.content)
    listed = payload.get("data") if isinstance(payload, dict) else None
    if not isinstance(listed, list):
        return None
    return [str(each.get("id")) for each in listed if isinstance(each, dict)]


async def _ask(connection: Connection, name: str, body: dict[str, Any]) -> ChatAnswer:
    client = sdk_for_writes(connection, ssl_context(), AddressGuard(connection))
    try:
        async with asyncio.timeout(connection.timeout):
            try:
                response = await _post(client, body)
            except openai.BadRequestError as error:
                if _NEWER_TOKENS_FIELD not in words_of(error.response.content):
                    raise
                limit = body.pop(_TOKENS_FIELD)
                response = await _post(client, {**body, _NEWER_TOKENS_FIELD: limit})
    except TRANSPORT_ERRORS as error:
        _raise_error(connection, name, error)
    finally:
        await client.close()
    return _read(connection, name, response)


async def _post(client: openai.AsyncOpenAI, body: dict[str, Any]) -> httpx2.Response:
    return await client.post("/chat/completions", cast_to=httpx2.Response, body=body)


def _body(model: str, system: str, question: str, image_url: str) -> dict[str, Any]:
    asked: object = question
    if image_url:
        image = {"type": "image_url", "image_url": {"url": image_url, "detail": "low"}}
        asked = [{"type": "text", "text": question}, image]
    messages = [{"role": "system", "content": system}, {"role": "user", "content": asked}]
    return {"model": model, "messages": messages, _TOKENS_FIELD: MAX_ANSWER_TOKENS, "stream": False}


# --- What came back ----------------------------------------------------------------------------------------


def _read(connection: Connection, name: str, response: httpx2.Response) -> ChatAnswer:
    payload = parse_json(response.content)
    choices = payload.get("choices") if isinstance(payload, dict) else None
    if not isinstance(payload, dict) or not isinstance(choices, list):
        # Some servers send an error with status 200.
        words = parse_error(payload)[1] if isinstance(payload, dict) else words_of(response.content)
        text = f"{name} sent no answer that can be understood."
        raise UnknownOutcomeError(_with_words(connection, text, words), code="bad_reply")
    answers = [_read_choice(each) for each in choices if isinstance(each, dict)]
    best = next((each for each in answers if not each.problem), None)
    chosen = best or next(iter(answers), ChatAnswer("", "empty"))
    return ChatAnswer(chosen.text, chosen.problem, _usage(payload))


def _read_choice(choice: dict[str, Any]) -> ChatAnswer:
    message = choice.get("message")
    message = message if isinstance(message, dict) else {}
    text, reason = _text_of(message.get("content")), choice.get("finish_reason")
    if message.get("refusal") or reason == "content_filter":
        return ChatAnswer(text, "refused")
    if reason == "length":
        return ChatAnswer(text, "cut")
    if not text.strip():
        return ChatAnswer("", "tool_call" if message.get("tool_calls") else "empty")
    return ChatAnswer(text)


def _text_of(content: object) -> str:
    """Return the text of a message, which is a text itself or a list of parts."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    texts = [each.get("text") for each in parts if isinstance(each, dict) and each.get("type") == "text"]
    return "".join(each for each in texts if isinstance(each, str))


def _usage(payload: dict[str, Any]) -> ChatUsage | None:
    told = payload.get("usage")
    if not isinstance(told, dict):
        return None
    counts = [
        parse_int(told.get(name), maximum=_MAX_TOKENS_COUNTED)
        for name in ("prompt_tokens", "completion_tokens")
    ]
    tokens_in, tokens_out = counts
    if tokens_in is None or tokens_out is None or min(tokens_in, tokens_out) < 0:
        return None
    return ChatUsage(tokens_in, tokens_out)


# --- What went wrong ---------------------------------------------------------------------------------------


def _raise_error(connection: Connection, name: str, error: Exception) -> NoReturn:
    if isinstance(error, STATUS_ERRORS):
        _raise_status(connection, name, error.response)
    cause = root_cause(error)
    detail = Redactor(connection.secrets).text(f"{type(cause).__name__}: {cause}")
    if isinstance(cause, NOT_SENT):
        raise UnavailableError(f"{name} cannot be reached.", code="unreachable", detail=detail) from error
    if isinstance(cause, (httpx2.TimeoutException, TimeoutError)):
        text = f"{name} did not answer within {connection.timeout:g} seconds."
        raise UnknownOutcomeError(text, code="timeout", detail=detail) from error
    if isinstance(cause, httpx2.DecodingError):
        text = f"{name} sent no answer that can be understood."
        raise UnknownOutcomeError(text, code="bad_reply", detail=detail) from error
    raise UnknownOutcomeError(f"{name} dropped the connection.", code="dropped", detail=detail) from error


def _raise_status(connection: Connection, name: str, response: httpx2.Response) -> NoReturn:
    status, words = response.status_code, words_of(response.content)
    if lacks_credit(status, response.content):
        text = _with_words(connection, f"{name}: the account is out of credit.", words)
        raise UnavailableError(text, code="out_of_credit", status=status)
    if status == 429:
        text = _with_words(connection, f"{name} takes no more requests for now.", words)
        wait = parse_retry_after(response.headers)
        raise UnavailableError(text, code="rate_limited", status=status, retry_after=wait)
    if status in (401, 403):
        text = _with_words(connection, f"{name} refused the studio's key.", words)
        raise RefusedError(text, code="unauthorized", status=status)
    if 300 <= status < 400:
        raise RefusedError(f"{name} redirects to another address.", code="redirected", status=status)
    if status < 500 and status != 408:
        raise RefusedError(_with_words(connection, f"{name} refused this.", words), code="refused")
    text = _with_words(connection, f"{name} has an error (HTTP {status}).", words)
    raise UnknownOutcomeError(text, code="server_error", status=status)


def _with_words(connection: Connection, sentence: str, words: str) -> str:
    """Return the sentence, and behind it the server's own words, if there are any."""
    said = " ".join(Redactor(connection.secrets).text(words).split())[:MAX_WORDS]
    return f"{sentence} It says: {said}" if said else sentence
