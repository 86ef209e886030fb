"""The driver for OpenRouter, which resells the video models of many makers.

From its documentation and its package `openrouter` 1.3.84: POST /videos, GET /videos/{id}, the file at
/videos/{id}/content, the catalogue at /videos/models. There is no list, no delete and no cancel.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from urllib.parse import quote

import httpx2

from videos.backends.catalogue import (
    CatalogueModel,
    format_rate,
    is_size,
    resolution_of,
    size_for,
    sort_sizes,
)
from videos.backends.charges import NO_CHARGE_TOLD, Charge, parse_charge
from videos.backends.drivers.hosted import HostedDriver
from videos.backends.error_causes import is_content_refusal, words_of
from videos.backends.errors import BackendError, UnknownOutcomeError
from videos.backends.parameters import (
    SEED,
    Parameter,
    negative_prompt_parameter,
    seed_parameter,
    sound_parameter,
)
from videos.backends.requests import CreateRequest, ReferenceFile, job_path
from videos.backends.responses import Job, dump, is_id, parse_error, parse_int, parse_seed, parse_text
from videos.backends.status_words import STATUS_BY_WORD, failure_code, normalize_word

MAX_SECONDS = 600  # of a length that a catalogue may name
_CENTS = Decimal(100)


class OpenRouterDriver(HostedDriver):
    """OpenRouter. What each method does and guarantees is said at `Driver` and `HostedDriver`."""

    @property
    def _key_url(self) -> str:
        return self._base_url + "/key"

    async def _submit(self, request: CreateRequest) -> httpx2.Response:
        body = create_body(request)
        if self._connection.callback_url:
            body["callback_url"] = self._connection.callback_url
        return await self._request(self._writes, "POST", self._base_url + "/videos", body)

    def _job_url(self, job_id: str) -> str:
        return self._base_url + job_path(job_id)

    def _parse_job(self, payload: object, headers: Mapping[str, str]) -> Job:
        job = parse_video(payload)
        # The address that the job names may be signed, and so a secret; the content call needs the key.
        url = f"{self._base_url}/videos/{quote(job.id, safe='=')}/content?index=0"
        return replace(job, url=url) if job.status == "completed" else job

    async def _find_models(self) -> Sequence[CatalogueModel]:
        response = await self._get(self._base_url + "/videos/models")
        return self._errors.parse_reply(response, lambda payload, _: parse_models(payload))

    def _special_refusal(self, response: httpx2.Response) -> BackendError | None:
        # Its 403 may be the moderation of a maker: "… requires moderation … your input was flagged".
        is_flagged = response.status_code == 403 and "flagged" in words_of(response.content).lower()
        return self._refusal(response, "moderation_blocked") if is_flagged else None


def create_body(request: CreateRequest) -> dict[str, object]:
    """Return the JSON of a create. The size names resolution and ratio at once.

    Seed and sound are fields of OpenRouter's own; every other parameter is handed on to the model's maker.
    """
    body: dict[str, object] = {
        "model": request.model,
        "prompt": request.prompt,
        "duration": request.seconds,
        "size": request.size,
    }
    frames = [("first_frame", request.reference), ("last_frame", request.last_frame)]
    if given := [{**_image(image), "frame_type": kind} for kind, image in frames if image]:
        body["frame_images"] = given
    if request.references:
        body["input_references"] = [_image(image) for image in request.references]
    return body | _parameter_fields(request)


def _parameter_fields(request: CreateRequest) -> dict[str, object]:
    own: dict[str, object] = {
        name: value for name, value in request.parameters.items() if name in _OWN_PARAMETERS
    }
    passed = {name: value for name, value in request.parameters.items() if name not in own}
    if not passed:
        return own
    # Options are addressed to whoever runs the model, who is its maker but for Google's.
    maker = request.model.partition("/")[0]
    provider, nest = _PROVIDERS.get(maker, (maker, ""))
    return {**own, "provider": {"options": {provider: {nest: passed} if nest else passed}}}


_OWN_PARAMETERS = frozenset({SEED, "generate_audio"})
_PROVIDERS = {"google": ("google-vertex", "parameters")}
# Of the names that the catalogue lists without saying what they take, those that the makers document.
_PASSTHROUGH = {
    "negativePrompt": negative_prompt_parameter("negativePrompt"),
    "negative_prompt": negative_prompt_parameter(),
    "enhancePrompt": Parameter(
        "enhancePrompt", "Rewrite prompt", "boolean", help="Whether the maker rewrites the prompt."
    ),
    "personGeneration": Parameter(
        "personGeneration", "People", "choice", choices=("allow_all", "allow_adult", "dont_allow")
    ),
    "prompt_optimizer": Parameter(
        "prompt_optimizer", "Rewrite prompt", "boolean", help="Whether the maker rewrites the prompt."
    ),
}


def parse_parameters(entry: Mapping[str, object]) -> tuple[Parameter, ...]:
    """Return the parameters that an entry of the catalogue says its model takes.

    Of a name that is handed on to the maker the catalogue does not tell the type: one that we do not know is
    left to the operator to declare, because a value of another type would be refused, or worse, ignored.
    """
    found = [seed_parameter()] if entry.get("seed") is True else []
    if entry.get("generate_audio") is True:
        found.append(sound_parameter())
    names = dict.fromkeys(_texts(entry.get("allowed_passthrough_parameters")))
    return (*found, *(_PASSTHROUGH[name] for name in names if name in _PASSTHROUGH))


def _image(image: ReferenceFile) -> dict[str, object]:
    return {"type": "image_url", "image_url": {"url": image.data_url}}


def parse_video(payload: object) -> Job:
    """Return the job in a decoded answer, without an address. Raises `UnknownOutcomeError` (`bad_reply`)."""
    identifier = payload.get("id") if isinstance(payload, dict) else None
    if not isinstance(payload, dict) or not is_id(identifier):
        raise UnknownOutcomeError(
            "The backend sent a reply that cannot be understood.", code="bad_reply", detail=dump(payload)
        )
    raw_status = parse_text(payload.get("status"), 100) or ""
    status = STATUS_BY_WORD.get(normalize_word(raw_status), "in_progress")
    code, words = parse_error(payload.get("error"))
    if is_content_refusal(words):
        code = "moderation_blocked"
    return Job(
        id=identifier,
        status=status,
        raw_status=raw_status,
        error_code=code or failure_code(raw_status) if status == "failed" else "",
        error_message=words if status == "failed" else "",
        charge=_charge_in(payload.get("usage")),
        seed=parse_seed(payload.get("seed")),
    )


def parse_models(payload: object) -> list[CatalogueModel]:
    """Return the models in the decoded catalogue that make videos; upscalers and what is unreadable are left
    out. Raises `UnknownOutcomeError` (`bad_reply`) when it is no catalogue.
    """
    data = payload.get("data") if isinstance(payload, dict) else None
    if not isinstance(data, list):
        raise UnknownOutcomeError(
            "The backend sent a catalogue that cannot be understood.", code="bad_reply", detail=dump(payload)
        )
    found = [_parse_model(entry) for entry in data if isinstance(entry, dict)]
    return [model for model in found if model is not None]


def _parse_model(entry: dict[str, object]) -> CatalogueModel | None:
    name = parse_text(entry.get("id"), 100)
    is_upscaler = bool(entry.get("upscale_factor") or entry.get("creativity"))
    if name is None or name != entry.get("id") or not name.isprintable() or is_upscaler:
        return None
    sizes = sort_sizes(_sizes_of(entry))
    has_sound = entry.get("generate_audio")
    frames = entry.get("supported_frame_images")
    rates, rest = parse_rates(entry.get("pricing_skus"), sizes, has_sound=has_sound is True)
    return CatalogueModel(
        name=name,
        label=parse_text(entry.get("name"), 100) or name,
        description=parse_text(entry.get("description"), 200) or "",
        sizes=sizes,
        seconds=_lengths_of(entry.get("supported_durations")),
        frames=tuple(_FRAMES[each] for each in _texts(frames) if each in _FRAMES)
        if isinstance(frames, list)
        else None,
        has_sound=has_sound if isinstance(has_sound, bool) else None,
        price_per_second=rates,
        pricing=rest,
        parameters=parse_parameters(entry),
    )


_FRAMES = {"first_frame": "first", "last_frame": "last"}


def parse_rates(skus: object, sizes: Sequence[str], *, has_sound: bool) -> tuple[dict[str, str], str]:
    """Return dollars for a second by size, and the rest of the price list in words.

    The names of the price list are not documented; those of its public catalogue are
    `duration_seconds[_with_audio|_without_audio][_720p]` in dollars and `cents_per_second_output[_720p]`
    in cents. A price counts only where its name says that it is one of a second of this size and sound:
    a wrong estimate is worse than none.
    """
    prices = (
        {key: value for key, value in skus.items() if isinstance(key, str)} if isinstance(skus, dict) else {}
    )
    rates: dict[str, str] = {}
    used: set[str] = set()
    for size in sizes:
        for name, unit in _rate_names(resolution_of(size), has_sound=has_sound):
            rate = format_rate(_amount(prices.get(name)) / unit)
            if rate is not None:
                rates[size] = rate
                used.add(name)
                break
    rest = [f"{name} {value}" for name, value in prices.items() if name not in used]
    return rates, "" if rates else ", ".join(rest)[:500]


def _rate_names(resolution: str, *, has_sound: bool) -> list[tuple[str, Decimal]]:
    sound = "with_audio" if has_sound else "without_audio"
    dollars = [
        f"duration_seconds_{sound}_{resolution}",
        f"text_to_video_duration_seconds_{resolution}",
        f"duration_seconds_{resolution}",
        f"duration_seconds_{sound}",
        "text_to_video_duration_seconds",
        "duration_seconds",
    ]
    cents = [
        f"cents_per_video_output_second_{resolution}",
        f"cents_per_second_output_{resolution}",
        "cents_per_video_output_second",
        "cents_per_second_output",
    ]
    return [(name, Decimal(1)) for name in dollars] + [(name, _CENTS) for name in cents]


def _amount(value: object) -> Decimal:
    try:
        return Decimal(value) if isinstance(value, str) else Decimal("NaN")
    except InvalidOperation:
        return Decimal("NaN")


def _sizes_of(entry: dict[str, object]) -> list[str]:
    named = [size for size in _texts(entry.get("supported_sizes")) if is_size(size)]
    if named:
        return named
    ratios = _texts(entry.get("supported_aspect_ratios"))
    pairs = [(line, ratio) for line in _texts(entry.get("supported_resolutions")) for ratio in ratios]
    return [size for pair in pairs if (size := size_for(*pair)) is not None]


def _lengths_of(value: object) -> tuple[int, ...]:
    numbers = (parse_int(each, maximum=MAX_SECONDS) for each in value) if isinstance(value, list) else ()
    return tuple(sorted({number for number in numbers if number}))


def _texts(value: object) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def _charge_in(usage: object) -> Charge:
    """Return what was charged. With a key of one's own at the maker, the maker's bill is not in it."""
    if not isinstance(usage, dict) or usage.get("is_byok") is True:
        return NO_CHARGE_TOLD
    return parse_charge(usage.get("cost"), currency=usage.get("currency"))
