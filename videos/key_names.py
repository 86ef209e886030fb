"""Which environment variables may hold a backend's key, and what they hold now.

Whoever names a backend's variable also names the address to which its value goes. So a variable counts as a
key only when it says so itself, or an operator says so.
"""

import os

from django.conf import settings
from django.utils.translation import gettext, gettext_noop

from contentgen.stored_texts import sentence
from videos.backends.service_kinds import SERVICES

KEY_PREFIX = "BACKEND_KEY_"
_USABLE_NAMES = sentence(
    gettext_noop(
        "Use one that begins with %(prefix)s, a vendor's usual one such as OPENAI_API_KEY, or list it in the"
        " setting BACKEND_KEY_NAMES."
    )
)

# As programs and documents of vendors name them; `SERVICES` has those of the ones with a driver of their own.
VENDOR_KEYS = frozenset(
    {
        "ARK_API_KEY",
        "AZURE_OPENAI_API_KEY",
        "DASHSCOPE_API_KEY",
        "DEEPINFRA_API_KEY",
        "FAL_KEY",
        "FIREWORKS_API_KEY",
        "GOOGLE_API_KEY",
        "LITELLM_API_KEY",
        "LUMA_API_KEY",
        "LUMAAI_API_KEY",
        "MINIMAX_API_KEY",
        "NOVITA_API_KEY",
        "NVIDIA_API_KEY",
        "OPENAI_API_KEY",
        "REPLICATE_API_TOKEN",
        "RUNWAYML_API_SECRET",
        "SGLANG_API_KEY",
        "SILICONFLOW_API_KEY",
        "STABILITY_API_KEY",
        "VLLM_API_KEY",
        "WAVESPEED_API_KEY",
        "XAI_API_KEY",
    }
)


def is_key_name(name: str) -> bool:
    """Whether the variable `name` may hold a backend's key. None of the studio's own settings ever does."""
    if name == "BACKEND_KEY" or name in VENDOR_KEYS or name in _service_keys():
        return True
    is_listed = name.startswith(KEY_PREFIX) or name in settings.BACKEND_KEY_NAMES
    return is_listed and name not in settings.OWN_VARIABLES


def _service_keys() -> set[str]:
    return {service.key_env for service in SERVICES.values() if service.key_env}


def available_key_names() -> list[str]:
    """Return the variables for keys that are set in this process, sorted."""
    return sorted(name for name, value in os.environ.items() if value and is_key_name(name))


def describe_key_names() -> str:
    """Return which names may be given, to end the sentence that refuses another one."""
    return gettext(_USABLE_NAMES) % {"prefix": KEY_PREFIX}


def read_key(name: str) -> str:
    """Return the key in the variable `name`, read now; empty when it is unset or no variable for keys."""
    return os.environ.get(name, "") if name and is_key_name(name) else ""
