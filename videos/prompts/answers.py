"""What a chat model wraps a prompt in, and how it is taken off again.

Models are told to answer with the prompt alone, and many do not keep to it: they think aloud, greet, quote,
put it into a fence, and offer more help.
"""

import json
import re

from videos.validation import clean_text

_MAX_LEAD_IN = 200  # characters of a line that announces the prompt

_THINKING = re.compile(r"<(think|thinking|thought|reasoning)>.*?</\1>", re.DOTALL | re.IGNORECASE)
_OPEN_THINKING = re.compile(r"<(think|thinking|thought|reasoning)>.*", re.DOTALL | re.IGNORECASE)
_END_OF_THINKING = re.compile(r".*</(think|thinking|thought|reasoning)>", re.DOTALL | re.IGNORECASE)
_FENCE = re.compile(r"```[^\n`]*\n(.*?)(?:\n)?```", re.DOTALL)
_LABEL = re.compile(
    r"[*_#\s]*(?:(?:the|your|my)\s+)?(?:(?:improved|rewritten|enhanced|revised|refined|updated|final|new|"
    r"better|video)\s+)*(?:prompt|version|description)\s*[*_]*\s*[:\uff1a]\s*[*_]*\s*",
    re.IGNORECASE,
)
_LEAD_IN = re.compile(
    r"[*_\s]*(?:sure|certainly|of course|absolutely|okay|ok|great|gladly|happy to|"
    r"here(?:['\u2019]s| is| are| you)|"
    r"i(?:['\u2019]ve| have) (?:improved|rewritten|enhanced|revised)|below is)\b[^\n]*[:\uff1a]\s*(?:\n|$)",
    re.IGNORECASE,
)
_GREETING = re.compile(
    r"(?:sure|certainly|of course|absolutely|okay)(?: thing)?[!.,]\s+(?=here|\n)|"
    r"(?:sure|certainly|of course|absolutely)(?: thing)?[!.]\s*\n+",
    re.IGNORECASE,
)
_INLINE_LEAD_IN = re.compile(
    r"here(?:['\u2019]s| is)[^\n:]{0,80}\b(?:prompt|version|description)[^\n:]{0,40}:\s*", re.IGNORECASE
)
_OFFER = re.compile(
    r"\n\s*(?:let me know|i hope|hope this|feel free|would you like|if you(?:['\u2019]d| would| want| need)|"
    r"do you want|\*?\*?note\b)[^\n]*\s*\Z",
    re.IGNORECASE,
)
_REFUSAL = re.compile(
    r"(?:i['\u2019]?m (?:really |very )?sorry|i am sorry|sorry|unfortunately|i apologi[sz]e|as an ai|"
    r"i (?:can(?:no|['\u2019])t|cannot|won['\u2019]t|will not|am (?:not able|unable)) "
    r"(?:help|assist|do|create|improve|rewrite|provide|comply|generate|fulfil|with|to))",
    re.IGNORECASE,
)
_MAX_REFUSAL = 500  # characters: what is longer is a prompt that begins so
_QUOTES = (('"', '"'), ("'", "'"), ("“", "”"), ("„", "“"), ("‘", "’"), ("«", "»"), ("「", "」"), ("`", "`"))  # noqa: RUF001


def unwrap_answer(answer: str, *, asked: str = "") -> str:
    """Return the prompt in a model's answer; empty where there is none.

    `asked` is the prompt that was to be rewritten: what that is wrapped in itself stays.
    """
    text = _without_thinking(answer)
    text = _inside_fence(text)
    text = _out_of_json(text)
    text = clean_text(text)
    text = _without_lead_in(text)
    text = _OFFER.sub("", text)
    return clean_text(_without_quotes(text.strip(), asked.strip()))


def is_refusal(answer: str) -> bool:
    """Whether a model says that it does not do what it is asked for."""
    text = clean_text(_without_thinking(answer))
    return len(text) <= _MAX_REFUSAL and _REFUSAL.match(text) is not None


def _without_thinking(text: str) -> str:
    text = _OPEN_THINKING.sub("", _THINKING.sub("", text))
    return _END_OF_THINKING.sub("", text)


def _inside_fence(text: str) -> str:
    fenced = _FENCE.findall(text)
    return fenced[0] if len(fenced) == 1 else text


def _out_of_json(text: str) -> str:
    """Return the prompt of `{"prompt": "…"}`; any other text as it is."""
    try:
        value = json.loads(text) if text.lstrip().startswith("{") else None
    except (ValueError, RecursionError):
        return text
    found = value.get("prompt") if isinstance(value, dict) and len(value) == 1 else None
    return found if isinstance(found, str) else text


def _without_lead_in(text: str) -> str:
    text = _GREETING.sub("", text, count=1) if _GREETING.match(text) else text
    for pattern in (_LEAD_IN, _INLINE_LEAD_IN, _LABEL):
        match = pattern.match(text)
        if match and match.end() <= _MAX_LEAD_IN and match.end() < len(text):
            text = text[match.end() :].lstrip()
    return text


def _without_quotes(text: str, asked: str) -> str:
    for first, last in _QUOTES:
        inner = text[1:-1]
        is_wrapped = len(text) > 2 and text[0] == first and text[-1] == last
        if is_wrapped and first not in inner and last not in inner and not asked.startswith(first):
            return inner
    return text
