"""What a model can be told beyond prompt, length and size: its parameters."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, get_args

ParameterValue = bool | int | float | str
ParameterType = Literal["integer", "number", "boolean", "choice", "text"]
TYPES: tuple[ParameterType, ...] = get_args(ParameterType)

NO_PARAMETERS: Mapping[str, ParameterValue] = MappingProxyType({})
SEED = "seed"  # the one name that the studio gives a meaning to
MAX_SEED = 2**31 - 1  # where a service names no range: every known one takes a signed number of 32 bits


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a model, under the `name` that the service reads.

    `minimum` and `maximum` bound integers and numbers, `choices` are the values of a choice, `max_length` is
    in characters and of texts alone. `default` is sent when nobody chose a value; None leaves that to the
    service.
    """

    name: str
    label: str
    type: ParameterType
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[ParameterValue, ...] = ()
    default: ParameterValue | None = None
    help: str = ""
    max_length: int | None = None

    @property
    def is_seed(self) -> bool:
        """Whether it is the number that a picture grows from: the same one gives the same picture."""
        return self.name == SEED and self.type == "integer"


def seed_parameter(maximum: int = MAX_SEED) -> Parameter:
    """Return the parameter `seed`, from 0 to `maximum`."""
    return Parameter(
        SEED,
        "Seed",
        "integer",
        minimum=0,
        maximum=maximum,
        help="The same seed with the same settings gives a similar video. Several takes count up from it. "
        "Empty: a new one for each video.",
    )


def negative_prompt_parameter(name: str = "negative_prompt") -> Parameter:
    """Return the parameter for what a video should not show, under the service's `name` for it."""
    return Parameter(name, "Negative prompt", "text", max_length=2000, help="What the video should not show.")


def sound_parameter(name: str = "generate_audio", *, default: bool | None = None) -> Parameter:
    """Return the switch for sound, under the service's `name` for it."""
    return Parameter(name, "Sound", "boolean", default=default, help="Whether the video has sound.")


def form_values(values: Mapping[str, ParameterValue]) -> dict[str, object]:
    """Return the values as a form holds them: texts, with `true` and `false` as every server reads them."""
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in values.items()
    }


# As vLLM-Omni and SGLang name them, with the narrower ranges: for operators to choose from, because neither
# says what the model that it serves takes.
VIDEOS_API_PARAMETERS = (
    seed_parameter(),
    negative_prompt_parameter(),
    Parameter("fps", "Frames per second", "integer", minimum=1, maximum=120),
    Parameter(
        "num_inference_steps",
        "Steps",
        "integer",
        minimum=1,
        maximum=200,
        help="More steps give more detail, and take longer.",
    ),
    Parameter(
        "guidance_scale",
        "Guidance",
        "number",
        minimum=0,
        maximum=20,
        help="How closely the video keeps to the prompt.",
    ),
    Parameter("guidance_scale_2", "Guidance, second model", "number", minimum=0, maximum=20),
    Parameter("flow_shift", "Flow shift", "number", minimum=0, maximum=20),
    sound_parameter("generate_sound"),
    sound_parameter(),
)
