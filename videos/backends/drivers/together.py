"""The driver for Together AI.

From its documentation and its package `together` 3.1: POST /v2/videos, GET /v2/videos/{id}, the file at the
address in the answer. There is no list, no delete and no cancel. Its list of models tells neither sizes nor
lengths, so those of the models that its documentation describes are kept here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import httpx2

from videos.backends.catalogue import CatalogueModel, sort_sizes
from videos.backends.charges import NO_CHARGE_TOLD, parse_charge
from videos.backends.drivers.hosted import HostedDriver
from videos.backends.error_causes import is_content_refusal
from videos.backends.errors import UnknownOutcomeError
from videos.backends.parameters import (
    Parameter,
    negative_prompt_parameter,
    seed_parameter,
    sound_parameter,
)
from videos.backends.requests import CreateRequest, job_path
from videos.backends.responses import Job, dump, parse_job, parse_text


class TogetherDriver(HostedDriver):
    """Together AI. What each method does and guarantees is said at `Driver` and `HostedDriver`."""

    @property
    def _key_url(self) -> str:
        return f"{self._base_url.rpartition('/')[0]}/v1/models"  # of the first version; videos are the second

    async def _submit(self, request: CreateRequest) -> httpx2.Response:
        return await self._request(self._writes, "POST", self._base_url + "/videos", create_body(request))

    def _job_url(self, job_id: str) -> str:
        return self._base_url + job_path(job_id)

    def _parse_job(self, payload: object, headers: Mapping[str, str]) -> Job:
        return parse_video(payload, headers)

    async def _find_models(self) -> Sequence[CatalogueModel]:
        response = await self._get(self._key_url)
        return self._errors.parse_reply(response, lambda payload, _: parse_models(payload))


def create_body(request: CreateRequest) -> dict[str, object]:
    """Return the JSON of a create. Parameters are fields of it, under the names that they are declared by."""
    width, _, height = request.size.partition("x")
    body: dict[str, object] = {
        **request.parameters,
        "model": request.model,
        "prompt": request.prompt,
        "seconds": str(request.seconds),
        "width": int(width),
        "height": int(height),
        "output_format": "MP4",
    }
    if media := _media(request):
        body["media"] = media
    return body


def _media(request: CreateRequest) -> dict[str, object]:
    frames = [("first", request.reference), ("last", request.last_frame)]
    given = [{"input_image": image.data_url, "frame": frame} for frame, image in frames if image]
    media: dict[str, object] = {"frame_images": given} if given else {}
    if request.references:
        media["reference_images"] = [image.data_url for image in request.references]
    return media


def parse_video(payload: object, headers: Mapping[str, str]) -> Job:
    """Return the job in a decoded answer. Raises `UnknownOutcomeError` (`bad_reply`).

    The package calls the cost a whole number; in the documentation's own example it is 0.28 dollars.
    """
    job = parse_job(payload, headers)
    outputs = payload.get("outputs") if isinstance(payload, dict) else None
    charge = NO_CHARGE_TOLD
    if isinstance(outputs, dict):
        charge = parse_charge(outputs.get("cost"), currency=outputs.get("currency"))
    code = "moderation_blocked" if is_content_refusal(job.error_message) else job.error_code
    return replace(job, error_code=code, charge=charge)


def parse_models(payload: object) -> list[CatalogueModel]:
    """Return the video models in the decoded list of models. Raises `UnknownOutcomeError` (`bad_reply`)."""
    data = payload.get("data") if isinstance(payload, dict) else payload
    if not isinstance(data, list):
        raise UnknownOutcomeError(
            "The backend sent a catalogue that cannot be understood.", code="bad_reply", detail=dump(payload)
        )
    videos = [each for each in data if isinstance(each, dict) and each.get("type") == "video"]
    return [model for entry in videos if (model := _parse_model(entry)) is not None]


def _parse_model(entry: dict[str, object]) -> CatalogueModel | None:
    name = parse_text(entry.get("id"), 100)
    if name is None or name != entry.get("id") or not name.isprintable():
        return None
    known = _KNOWN.get(name.lower())
    return CatalogueModel(
        name=name,
        label=parse_text(entry.get("display_name"), 100) or name,
        sizes=sort_sizes(known.sizes.split()) if known else (),
        seconds=(known.seconds,) if known else (),
        frames=known.frames if known else None,
        has_sound=known.has_sound if known else None,
        parameters=PARAMETERS,
    )


# Fields of the request, with their ranges, in its documentation, which does not tell what each model takes.
# One that a model refuses is refused before anything is charged; an operator can take it off the model.
PARAMETERS = (
    seed_parameter(),
    negative_prompt_parameter(),
    sound_parameter(),
    Parameter("fps", "Frames per second", "integer", minimum=1, maximum=120),
    Parameter(
        "steps",
        "Steps",
        "integer",
        minimum=10,
        maximum=50,
        help="More steps give more detail, and take longer.",
    ),
    Parameter(
        "guidance_scale",
        "Guidance",
        "integer",
        minimum=1,
        maximum=20,
        help="How closely the video keeps to the prompt; 6 to 10 is usual.",
    ),
)


@dataclass(frozen=True, slots=True)
class _Documented:
    """What the documentation says of a model: sizes, its usual length in seconds, frames that it takes."""

    sizes: str
    seconds: int
    frames: tuple[str, ...] = ("first",)
    has_sound: bool | None = None


_HD = "1280x720 720x1280"
_HD_AND_FULL = f"{_HD} 1920x1080 1080x1920"
_KLING = "1920x1080 1080x1080 1080x1920"
_BOTH = ("first", "last")
_SEEDANCE = "864x480 736x544 640x640 960x416 416x960 1248x704 1120x832 960x960 1504x640 640x1504"
_PIXVERSE = (
    "640x360 480x360 360x360 270x360 360x640 960x540 720x540 540x540 405x540 540x960 1280x720 960x720"
    " 720x720 540x720 720x1280 1920x1080 1440x1080 1080x1080 810x1080 1080x1920"
)
_VIDU = "1920x1080 1080x1080 1080x1920 1280x720 720x720 720x1280 640x360 360x360 360x640"

# The table of Together's own skills repository, read in November 2026. Others come without sizes and lengths.
_KNOWN = {
    "google/veo-3.0": _Documented(_HD_AND_FULL, 8, has_sound=False),
    "google/veo-3.0-audio": _Documented(_HD_AND_FULL, 8, has_sound=True),
    "google/veo-3.0-fast": _Documented(_HD_AND_FULL, 8, has_sound=False),
    "google/veo-3.0-fast-audio": _Documented(_HD_AND_FULL, 8, has_sound=True),
    "google/veo-2.0": _Documented(_HD, 5, _BOTH, has_sound=False),
    "openai/sora-2": _Documented(_HD, 8),
    "openai/sora-2-pro": _Documented(_HD, 8),
    "minimax/hailuo-02": _Documented("1366x768 1920x1080", 10),
    "minimax/video-01-director": _Documented("1366x768", 5),
    "kwaivgi/kling-2.1-master": _Documented(_KLING, 5),
    "kwaivgi/kling-2.1-standard": _Documented(_KLING, 5),
    "kwaivgi/kling-2.1-pro": _Documented(_KLING, 5, _BOTH),
    "kwaivgi/kling-2.0-master": _Documented("1280x720 720x720 720x1280", 5),
    "kwaivgi/kling-1.6-standard": _Documented(_KLING, 5),
    "kwaivgi/kling-1.6-pro": _Documented(_KLING, 5),
    "bytedance/seedance-1.0-pro": _Documented(_SEEDANCE, 5, _BOTH),
    "bytedance/seedance-1.0-lite": _Documented(_SEEDANCE, 5, _BOTH),
    "pixverse/pixverse-v5": _Documented(_PIXVERSE, 5, _BOTH),
    "vidu/vidu-2.0": _Documented(_VIDU, 8, _BOTH),
    "vidu/vidu-q1": _Documented(_KLING, 5, _BOTH),
    "wan-ai/wan2.2-t2v-a14b": _Documented("", 5, ()),
    "wan-ai/wan2.2-i2v-a14b": _Documented("", 5),
}
