"""The kinds of services that the Connect page offers, each with what it asks for."""

from dataclasses import dataclass

from videos.backends.service_kinds import SERVICES


@dataclass(frozen=True, slots=True)
class ConnectionKind:
    """A tile of the Connect page.

    `service` is a name in `SERVICES`, `summary` one sentence for people who choose. `keys_url` is where a key
    is made, `address_example` what an address looks like; `needs_key` whether it can be used without one.
    """

    slug: str
    label: str
    service: str
    summary: str
    keys_url: str = ""
    address_example: str = ""
    needs_key: bool = False
    key_hint: str = ""

    @property
    def address(self) -> str:
        """The address where everybody reaches it; empty where each server has its own."""
        return SERVICES[self.service].address

    @property
    def describes_models(self) -> bool:
        """Whether it says what its models can do, and mostly what they cost."""
        return SERVICES[self.service].describes_models


_OWN_KEY = "Only if the server was started with one."

KINDS = {
    kind.slug: kind
    for kind in (
        ConnectionKind(
            "openrouter",
            "OpenRouter",
            "openrouter",
            "About every video model that is sold by API, with one key. Tells what each video cost.",
            keys_url="https://openrouter.ai/keys",
            needs_key=True,
        ),
        ConnectionKind(
            "google",
            "Google Gemini",
            "gemini",
            "Gemini Omni, with a key of Google AI Studio.",
            keys_url="https://aistudio.google.com/apikey",
            needs_key=True,
        ),
        ConnectionKind(
            "together",
            "Together AI",
            "together",
            "Models of several makers, with one key. Tells what each video cost.",
            keys_url="https://api.together.ai/settings/api-keys",
            needs_key=True,
        ),
        ConnectionKind(
            "vllm-omni",
            "vLLM-Omni",
            "videos-api",
            "Open models on a graphics card of your own.",
            address_example="http://gpu.example.org:8091/v1",
            key_hint=_OWN_KEY,
        ),
        ConnectionKind(
            "sglang",
            "SGLang",
            "videos-api",
            "Open models on a graphics card of your own.",
            address_example="http://gpu.example.org:30010/v1",
            key_hint=_OWN_KEY,
        ),
        ConnectionKind(
            "litellm",
            "LiteLLM",
            "videos-api",
            "A proxy of yours in front of several providers.",
            address_example="http://litellm.example.org:4000/v1",
            key_hint="Its master key, or a virtual key for the studio.",
        ),
        ConnectionKind(
            "videos-api",
            "Another Videos API",
            "videos-api",
            "Any other server that speaks the Videos API of OpenAI.",
            address_example="https://videos.example.org/v1",
            key_hint="Only if the server asks for one.",
        ),
        ConnectionKind(
            "contentgen",
            "Another ContentGen",
            "videos-api",
            "Another studio makes the videos, and pays for them.",
            address_example="https://studio.example.org/v1",
            needs_key=True,
            key_hint="An API token of an account there.",
        ),
    )
}
