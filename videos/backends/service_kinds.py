"""The kinds of services that there is a driver for, known without importing any."""

from dataclasses import dataclass

from videos.backends.parameters import (
    Parameter,
    negative_prompt_parameter,
    seed_parameter,
    sound_parameter,
)


@dataclass(frozen=True, slots=True)
class Service:
    """A kind of service: its `label` for people, and its `driver` as module:class.

    `address` is the base URL where everybody reaches it, and `key_env` the variable that its own tools read
    the key from; both are empty where each server has its own. `describes_models` says whether its driver
    has a catalogue. `parameters` are those of all its models, of which nothing else is said.
    """

    label: str
    driver: str
    address: str = ""
    key_env: str = ""
    describes_models: bool = False
    parameters: tuple[Parameter, ...] = ()


_DRIVERS = "videos.backends.drivers"

# Drivers are imported on first use: their packages take up to two seconds and 60 MB, which only some
# processes need. The names are kept in the database.
SERVICES = {
    "videos-api": Service("Videos API", f"{_DRIVERS}.videos_api:VideosApiDriver"),
    "simulator": Service(
        "Simulator",
        f"{_DRIVERS}.videos_api:VideosApiDriver",
        parameters=(seed_parameter(), negative_prompt_parameter(), sound_parameter()),
    ),
    "openrouter": Service(
        "OpenRouter",
        f"{_DRIVERS}.openrouter:OpenRouterDriver",
        "https://openrouter.ai/api/v1",
        "OPENROUTER_API_KEY",
        describes_models=True,
    ),
    "gemini": Service(
        "Google Gemini",
        f"{_DRIVERS}.gemini:GeminiDriver",
        "https://generativelanguage.googleapis.com/v1beta",
        "GEMINI_API_KEY",
        describes_models=True,
    ),
    "together": Service(
        "Together AI",
        f"{_DRIVERS}.together:TogetherDriver",
        "https://api.together.ai/v2",
        "TOGETHER_API_KEY",
        describes_models=True,
    ),
}
