"""A driver for a service that does not exist: what a new one looks like. See docs/backends.md.

Acme is sent {"model", "text", "length", "width", "height", "start_image"?, "seed"?} and answers {"id",
"state"}; a job is at /jobs/ID and names its file in "video" and its price in "dollars".
"""

from collections.abc import Mapping, Sequence
from urllib.parse import quote

import httpx2

from videos.backends.catalogue import CatalogueModel, size_for, sort_sizes
from videos.backends.charges import parse_charge
from videos.backends.drivers.hosted import HostedDriver
from videos.backends.error_causes import is_content_refusal
from videos.backends.errors import RefusedError, UnknownOutcomeError
from videos.backends.parameters import seed_parameter
from videos.backends.requests import CreateRequest
from videos.backends.responses import Job, dump, is_id, parse_text
from videos.backends.status_words import STATUS_BY_WORD, normalize_word


class AcmeDriver(HostedDriver):
    """Acme. What each method does and guarantees is said at `Driver` and `HostedDriver`."""

    key_header = ("Acme-Key", "{}")

    @property
    def _key_url(self) -> str:
        return self._base_url + "/account"  # free, and a 401 to a key that Acme does not know

    async def _submit(self, request: CreateRequest) -> httpx2.Response:
        return await self._request(self._writes, "POST", self._base_url + "/jobs", _body(request))

    def _job_url(self, job_id: str) -> str:
        if not is_id(job_id):
            raise RefusedError("That is no id of a job.", code="not_found")
        return f"{self._base_url}/jobs/{quote(job_id, safe='')}"

    def _parse_job(self, payload: object, headers: Mapping[str, str]) -> Job:
        return _job(payload)

    async def _find_models(self) -> Sequence[CatalogueModel]:
        response = await self._get(self._base_url + "/models")
        return self._errors.parse_reply(response, lambda payload, _: _models(payload))


def _body(request: CreateRequest) -> dict[str, object]:
    width, _, height = request.size.partition("x")
    if request.references:  # it has no words for them, and what is left out would be paid for all the same
        raise RefusedError("Acme takes no reference images.", code="unsupported")
    frames = {"start_image": request.reference, "end_image": request.last_frame}
    return {
        **request.parameters,  # under the names that `_models` declares
        "model": request.model,
        "text": request.prompt,
        "length": request.seconds,
        "width": int(width),
        "height": int(height),
        **{name: image.data_url for name, image in frames.items() if image},
    }


def _job(payload: object) -> Job:
    # Without an id nobody can tell whether Acme took the job, so it must not be asked for again.
    if not isinstance(payload, dict) or not is_id(payload.get("id")):
        raise UnknownOutcomeError(
            "Acme's reply cannot be understood.", code="bad_reply", detail=dump(payload)
        )
    state = parse_text(payload.get("state"), 100) or ""
    status = STATUS_BY_WORD.get(normalize_word(state), "in_progress")
    reason = parse_text(payload.get("reason"), 2000) or ""
    return Job(
        id=payload["id"],
        status=status,
        raw_status=state,
        error_code="moderation_blocked" if is_content_refusal(reason) else "",
        error_message=reason if status == "failed" else "",
        url=parse_text(payload.get("video"), 4096),
        charge=parse_charge(payload.get("dollars")),
    )


def _models(payload: object) -> list[CatalogueModel]:
    if not isinstance(payload, list):
        raise UnknownOutcomeError("Acme's models cannot be read.", code="bad_reply", detail=dump(payload))
    sizes = [size for ratio in ("16:9", "9:16") if (size := size_for("720p", ratio))]
    return [
        CatalogueModel(
            name,
            label=name.title(),
            sizes=sort_sizes(sizes),
            seconds=(5, 10),
            frames=("first", "last"),
            parameters=(seed_parameter(),),
        )
        for entry in payload
        if isinstance(entry, dict) and (name := parse_text(entry.get("name"), 100)) and name.isprintable()
    ]
