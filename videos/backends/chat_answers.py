"""What a chat server answers. Apart from `chat`, which loads the SDK that pages do without."""

from dataclasses import dataclass

MAX_REPLY_BYTES = 256 * 1024
MAX_ANSWER_TOKENS = 2000  # also of what a model thinks before it answers


@dataclass(frozen=True, slots=True)
class ChatUsage:
    """The tokens of a question and of its answer, as the server counts them."""

    tokens_in: int
    tokens_out: int


@dataclass(frozen=True, slots=True)
class ChatAnswer:
    """What a server answered. `usage` is None where it does not say.

    `problem` says why `text` is no whole answer: `refused`, `cut`, `tool_call`, or `empty`.
    """

    text: str
    problem: str = ""
    usage: ChatUsage | None = None
