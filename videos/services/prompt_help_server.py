"""Which chat server helps with prompts, and what a question to it costs."""

from dataclasses import dataclass
from decimal import ROUND_UP, Decimal
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext

from videos.backends.chat_answers import MAX_ANSWER_TOKENS, MAX_REPLY_BYTES, ChatUsage
from videos.backends.connection import Connection
from videos.models import Backend

OFF = "off"  # in place of an address
MAX_INSTRUCTIONS = 1000  # bytes of what is said to the model beside the prompt
MAX_ASKED = 4000  # characters of a prompt that is to be improved: an answer has no more either
_DEMO_MODEL = "prompt-helper"
_WRAPPING_TOKENS = 100  # of a question, beside its text
_IMAGE_TOKENS = 6000  # the most that a known model counts for one image of 1024 pixels
_MILLION = 1_000_000
_UNIT = Decimal("0.000001")


@dataclass(frozen=True)
class PromptHelpServer:
    """A chat server that the operator named, or the simulator: `is_demo`.

    The prices, per million tokens, are None where nobody knows them: then nothing is counted.
    """

    connection: Connection
    model: str
    can_see: bool
    price_in: Decimal | None = None
    price_out: Decimal | None = None
    is_demo: bool = False

    @property
    def host(self) -> str:
        """Its name, for people: where their prompts go."""
        return urlsplit(self.connection.base_url).hostname or ""

    @property
    def name(self) -> str:
        """Its name within a sentence."""
        return gettext("The simulator") if self.is_demo else self.host

    @property
    def is_priced(self) -> bool:
        return bool(self.price_in or self.price_out)

    def price_of(self, usage: ChatUsage | None) -> Decimal | None:
        """Return what a question cost; None where the server does not say how many tokens it counted."""
        return None if usage is None else self._price(usage.tokens_in, usage.tokens_out)

    def most(self, text: str, *, has_image: bool) -> Decimal:
        """Return the most that a question can cost: a token is never shorter than a byte."""
        tokens = len(text.encode(errors="replace")) + _WRAPPING_TOKENS + (_IMAGE_TOKENS if has_image else 0)
        return self._price(tokens, MAX_ANSWER_TOKENS)

    @property
    def highest_price(self) -> Decimal:
        """The most that help with one prompt, or with one image, can cost."""
        longest = "\U0001f30a" * MAX_ASKED  # four bytes each
        return self.most(longest + " " * MAX_INSTRUCTIONS, has_image=self.can_see)

    def _price(self, tokens_in: int, tokens_out: int) -> Decimal:
        price = (self.price_in or 0) * Decimal(tokens_in) + (self.price_out or 0) * Decimal(tokens_out)
        return (price / _MILLION).quantize(_UNIT, ROUND_UP)


def prompt_help_server(in_use: list[Backend] | None = None) -> PromptHelpServer | None:
    """Return the server that helps with prompts; None where there is none.

    Without one of the operator's own, the simulator answers, as long as it makes the videos too. `in_use` are
    the backends in use, where they have been read already.
    """
    url: str = settings.PROMPT_HELP_URL
    if url:
        return _named_server(url) if url != OFF and settings.PROMPT_HELP_MODEL else None
    if not settings.PROMPT_HELP_DEMO_URL:
        return None
    backends = Backend.objects.in_use() if in_use is None else in_use
    return _demo_server() if any(each.is_simulator for each in backends) else None


def _named_server(url: str) -> PromptHelpServer:
    return PromptHelpServer(
        _connection(url, settings.PROMPT_HELP_KEY),
        settings.PROMPT_HELP_MODEL,
        can_see=settings.PROMPT_HELP_VISION,
        price_in=settings.PROMPT_HELP_PRICE_IN,
        price_out=settings.PROMPT_HELP_PRICE_OUT,
    )


def _demo_server() -> PromptHelpServer:
    connection = _connection(settings.PROMPT_HELP_DEMO_URL, settings.SIMULATOR_API_KEY)
    return PromptHelpServer(connection, _DEMO_MODEL, can_see=True, is_demo=True)


def _connection(url: str, key: str) -> Connection:
    return Connection(
        base_url=url,
        api_key=key,
        timeout=float(settings.PROMPT_HELP_TIMEOUT),
        max_reply_bytes=MAX_REPLY_BYTES,
    )
