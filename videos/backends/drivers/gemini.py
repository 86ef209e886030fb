"""The driver for Google's Gemini API: videos by Gemini Omni, which took the place of Veo there.

Google switched the Veo models of the Gemini API off on 22 October 2026, and its package `google-genai` offers
them since version 3 on the Agent Platform alone. What a key of the Gemini API makes videos with is the
Interactions API: an interaction in the background is a job.

Creates go through the package, which is an extra: see `requirements-gemini.txt`. Reads do not, because it
takes seconds to import and 0.2 s for each client. By itself it sends a create up to five times, after an
error, a timeout or a broken connection: `attempts=1` forbids that.
"""

import re
from asyncio import timeout
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, cast
from urllib.parse import quote

import httpx2

from videos.backends.capability import Capability
from videos.backends.catalogue import CatalogueModel, resolution_of, size_for, sort_sizes
from videos.backends.connection import Connection
from videos.backends.drivers.hosted import HostedDriver
from videos.backends.error_causes import is_content_refusal
from videos.backends.errors import (
    BackendError,
    RefusedError,
    UnavailableError,
    UnknownOutcomeError,
)
from videos.backends.http_clients import client_for_writes, ssl_context
from videos.backends.network_errors import TRANSPORT_ERRORS
from videos.backends.probe_report import ProbeReport, failed_report
from videos.backends.requests import CreateRequest
from videos.backends.responses import Job, dump, is_id, parse_error, parse_json, parse_text
from videos.backends.status_words import failure_code, normalize_word

if TYPE_CHECKING:
    from google import genai

HOW_TO_ADD = (
    "The Gemini API needs the package google-genai, which is not installed here. Add it with"
    " “.venv/bin/pip install -r requirements-gemini.txt”, then restart the studio."
)
RATIOS = ("16:9", "9:16")
RESOLUTIONS = ("720p", "360p", "1080p", "4k")
LENGTHS = tuple(range(3, 11))  # seconds
# US dollars for a second, from third-party listings of August 2026: check them before you rely on them.
# Of other models only a price by tokens is named.
RATES = {"gemini-omni-1.1-flash": {"720p": "0.1", "1080p": "0.15"}}

_SIZES = {
    size: (ratio, resolution)
    for resolution in RESOLUTIONS
    for ratio in RATIOS
    if (size := size_for(resolution, ratio)) is not None
}
_VIDEO_MODEL = re.compile(r"models/(gemini-omni-[\w.-]+)")
_BAD_KEY = re.compile(r"api[ _]key.{0,40}(not valid|invalid|expired|leaked)|API_KEY_INVALID", re.IGNORECASE)
_NO_CREDIT = re.compile(
    r"credits?.{0,30}(depleted|exhausted|used up)|enable billing"
    r"|billing.{0,40}(disabled|not enabled|inactive)",
    re.IGNORECASE,
)
_ACCOUNT_STATES = frozenset({"RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "PERMISSION_DENIED"})
_NO_SUCH_JOB = re.compile(r"invalid interaction name", re.IGNORECASE)

# "incomplete" and "requires_action" are ends as well: nobody is there to act.
_FAILED = frozenset(
    {"failed", "cancelled", "canceled", "incomplete", "expired", "requiresaction", "budgetexceeded"}
)


class GeminiDriver(HostedDriver):
    """The Gemini API. What each method does and guarantees is said at `Driver` and `HostedDriver`."""

    capabilities = frozenset({Capability.REFERENCE, Capability.DELETE})
    key_header = ("x-goog-api-key", "{}")

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._creates = client_for_writes(connection, ssl_context(), self._guard)
        self._creates.event_hooks["response"].append(_raise_for_status)
        # Now, because nothing may take long between the last look at a lease and the request.
        if is_installed():
            _load_package()

    async def aclose(self) -> None:
        await self._creates.aclose()
        await super().aclose()

    @property
    def _key_url(self) -> str:
        return self._base_url + "/models?pageSize=1"

    async def _submit(self, request: CreateRequest) -> httpx2.Response:
        call = create_arguments(request)
        client = self._package_client()
        try:
            response = await client.aio.interactions.with_raw_response.create(**call)
        except Exception as error:
            cause = _cause_of(error)
            if isinstance(cause, httpx2.HTTPStatusError):
                return cause.response
            raise cause from error
        return cast("httpx2.Response", response.http_response)

    def _package_client(self) -> "genai.Client":
        """Return Google's own client, on our transport and without its retries.

        Raises `UnavailableError` (`missing_package`) when the package is not installed.
        """
        if not is_installed():
            raise UnavailableError(HOW_TO_ADD, code="missing_package")
        from google import genai
        from google.genai import types

        root, _, version = self._base_url.rpartition("/")
        return genai.Client(
            api_key=self._connection.sent_key,
            vertexai=False,  # whatever the environment says
            http_options=types.HttpOptions(
                base_url=root,
                api_version=version,
                timeout=int(1000 * self._connection.timeout),
                retry_options=types.HttpRetryOptions(attempts=1),
                # Both given, or it makes clients of its own: with aiohttp, where that is installed.
                httpx_client=_unused_client(),
                httpx_async_client=self._creates,
            ),
        )

    def _job_url(self, job_id: str) -> str:
        if not is_id(job_id):
            raise RefusedError("That is no id of a job.", code="not_found")
        return f"{self._base_url}/interactions/{quote(job_id, safe='=')}"

    def _parse_job(self, payload: object, headers: Mapping[str, str]) -> Job:
        return parse_interaction(payload)

    async def delete(self, job_id: str) -> None:
        """See `Driver.delete`. A running job is canceled first, as far as the service can."""
        url = self._job_url(job_id)
        async with self._judge_refusals():
            with self._errors.reading():
                async with timeout(self._connection.deadline):
                    await self._request(self._writes, "POST", url + "/cancel")
                    response = await self._request(self._writes, "DELETE", url)
                if response.status_code not in {404, 410} and not _is_unknown_job(response):
                    self._require_success(response)

    async def probe(self) -> ProbeReport:
        return await super().probe() if is_installed() else failed_report(HOW_TO_ADD, "package")

    async def _find_models(self) -> Sequence[CatalogueModel]:
        response = await self._get(f"{self._base_url}/models?pageSize=1000")
        return self._errors.parse_reply(response, lambda payload, _: parse_models(payload))

    def _refuses_key(self, response: httpx2.Response) -> bool:
        return super()._refuses_key(response) or bool(_BAD_KEY.search(response.text))

    def _special_refusal(self, response: httpx2.Response) -> BackendError | None:
        if response.status_code in {400, 403} and _BAD_KEY.search(response.text):
            # A refused key is a 400 here. The words may also be those of a prompt, so the key is checked.
            refusal = self._refusal(response, "unauthorized")
            refusal.may_concern_account = True
            return refusal
        words = _words_about_credit(response)
        if words and _NO_CREDIT.search(words):
            return UnavailableError(
                f"The backend's account is out of credit: {words}",
                code="out_of_credit",
                status=response.status_code,
                detail=self._errors.describe_response(response),
            )
        if _is_unknown_job(response):
            return self._refusal(response, "not_found")
        return None


@cache
def _load_package() -> None:
    """Import all of the package that a create needs, which takes seconds."""
    import_module("google.genai.interactions")


def is_installed() -> bool:
    """Whether the package is there, found out without importing it."""
    try:
        return find_spec("google.genai") is not None
    except ModuleNotFoundError:  # not even the namespace
        return False


def create_arguments(request: CreateRequest) -> dict[str, object]:
    """Return what the package's `interactions.create` is called with.

    Raises `RefusedError` (`bad_request`) for a size that the service has no words for.
    """
    if request.size not in _SIZES:
        known = ", ".join(_SIZES)
        raise RefusedError(f"Gemini makes no videos of {request.size}, only {known}.", code="bad_request")
    ratio, resolution = _SIZES[request.size]
    text = {"type": "text", "text": request.prompt}
    return {
        "model": request.model,
        "input": [*_image_input(request), text],
        "background": True,  # else the call lasts as long as the work
        "store": True,  # else there is nothing to ask for afterwards
        "response_format": {
            "type": "video",
            "delivery": "uri",
            "aspect_ratio": ratio,
            "resolution": resolution,
            "duration": f"{request.seconds}s",
        },
    }


def _image_input(request: CreateRequest) -> list[dict[str, str]]:
    if request.reference is None:
        return []
    data = request.reference.data_url.partition(",")[2]
    return [{"type": "image", "data": data, "mime_type": request.reference.content_type}]


def parse_interaction(payload: object) -> Job:
    """Return the job that an interaction is. Raises `UnknownOutcomeError` (`bad_reply`).

    One that is completed without a video was stopped by the safety filter, and says instead why.
    """
    identifier = payload.get("id") if isinstance(payload, dict) else None
    if not isinstance(payload, dict) or not is_id(identifier):
        raise UnknownOutcomeError(
            "The backend sent a reply that cannot be understood.", code="bad_reply", detail=dump(payload)
        )
    raw_status = parse_text(payload.get("status"), 100) or ""
    word = normalize_word(raw_status)
    contents = _contents(payload)
    url = next((uri for each in contents if (uri := _video_uri(each))), None)
    if word == "completed" and url:
        return Job(identifier, "completed", raw_status, url=url)
    if word != "completed" and word not in _FAILED:
        return Job(identifier, "queued" if word == "queued" else "in_progress", raw_status)
    code, words = parse_error(payload.get("error") or payload.get("errors"))
    words = words or " ".join(text for each in contents if (text := parse_text(each.get("text"), 2000)))
    if word == "completed" or is_content_refusal(words):
        code = "moderation_blocked"
    return Job(
        identifier, "failed", raw_status, error_code=code or failure_code(raw_status), error_message=words
    )


def parse_models(payload: object) -> list[CatalogueModel]:
    """Return the models in the decoded list that make videos. Raises `UnknownOutcomeError` (`bad_reply`)."""
    data = payload.get("models") if isinstance(payload, dict) else None
    if not isinstance(data, list):
        raise UnknownOutcomeError(
            "The backend sent a catalogue that cannot be understood.", code="bad_reply", detail=dump(payload)
        )
    return [
        _describe(match[1], entry)
        for entry in data
        if isinstance(entry, dict) and (match := _VIDEO_MODEL.fullmatch(str(entry.get("name"))))
    ]


def _describe(name: str, entry: dict[str, object]) -> CatalogueModel:
    rates = RATES.get(name, {})
    sizes = sort_sizes(_SIZES)
    return CatalogueModel(
        name=name,
        label=parse_text(entry.get("displayName"), 100) or name,
        description=parse_text(entry.get("description"), 200) or "",
        sizes=sizes,
        seconds=LENGTHS,
        frames=("first",),
        has_sound=True,
        price_per_second={size: rates[line] for size in sizes if (line := resolution_of(size)) in rates},
    )


def _contents(payload: dict[str, object]) -> list[dict[str, object]]:
    """The parts of what the model put out, wherever an interaction keeps them."""
    steps = payload.get("steps")
    outputs = [step for step in steps if isinstance(step, dict)] if isinstance(steps, list) else []
    found = [part for step in outputs if step.get("type") == "model_output" for part in _parts(step)]
    video = payload.get("output_video")
    return [*found, video] if isinstance(video, dict) else found


def _parts(step: dict[str, object]) -> list[dict[str, object]]:
    content = step.get("content")
    return [part for part in content if isinstance(part, dict)] if isinstance(content, list) else []


def _video_uri(part: dict[str, object]) -> str | None:
    uri = parse_text(part.get("uri"), 4096)
    return uri if part.get("type", "video") == "video" and uri and uri.startswith("http") else None


def _words_about_credit(response: httpx2.Response) -> str:
    """The sentence of an error that may be about the account; empty for one about the request, which may
    quote a prompt. Google's front end puts its errors into a list of one.
    """
    payload = parse_json(response.content)
    payload = payload[0] if isinstance(payload, list) and payload else payload
    error = payload.get("error") if isinstance(payload, dict) else None
    state = error.get("status") if isinstance(error, dict) else None
    return parse_error(error)[1] if state in _ACCOUNT_STATES else ""


def _is_unknown_job(response: httpx2.Response) -> bool:
    return response.status_code == 400 and bool(_NO_SUCH_JOB.search(response.text))


async def _raise_for_status(response: httpx2.Response) -> None:
    """Give us the response of an error, of which the package would only keep what it can read."""
    if not response.is_success:
        await response.aread()
        response.raise_for_status()


def _cause_of(error: Exception) -> Exception:
    """Return what the network raised behind one of the package's errors, or what stands for anything else."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, (*TRANSPORT_ERRORS, BackendError)):
            return cause
        cause = cause.__cause__
    return UnknownOutcomeError(
        "The backend sent a reply that cannot be understood.", code="bad_reply", detail=repr(error)
    )


@cache
def _unused_client() -> httpx2.Client:
    return httpx2.Client(verify=ssl_context())
