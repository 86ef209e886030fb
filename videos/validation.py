"""Checks of text and ids that people and programs send. No Django, no database: every layer may use them."""

import re

PUBLIC_ID_PATTERN = r"[A-Za-z0-9_-]{1,64}"  # of videos, characters and reference images, in every address

_PUBLIC_ID = re.compile(PUBLIC_ID_PATTERN)

# C0 without tab and line feed, DEL, C1; and the embeddings and overrides of the bidirectional algorithm.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]")
_ISOLATES = re.compile("[\u2066-\u2069]")

# Unicode's Default_Ignorable_Code_Point (DerivedCoreProperties.txt, 16.0), which holds zero-width characters,
# variation selectors, Hangul fillers and tags; controls; and what is drawn as nothing all the same: blank
# Braille, interlinear annotations, the object replacement, Egyptian joiners, the null notehead and Khitan's
# filler.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    "\x00-\x1f\x7f-\x9f\u2800\ufff9-\ufffc\U00013430-\U0001343f\U0001d159\U00016fe4]"
)


def is_public_id(text: str) -> bool:
    """Whether `text` looks like a public id. Nothing else needs to reach a query, where a NUL would fail."""
    return _PUBLIC_ID.fullmatch(text) is not None


def is_storable(text: str) -> bool:
    """Whether a database can hold `text`: it has no NUL, and no half of a character.

    JSON can smuggle in the latter, a lone surrogate, which cannot be encoded.
    """
    if "\x00" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def has_visible_text(text: str) -> bool:
    """Whether there is anything to see in `text`: more than white space, controls and characters that are
    drawn as nothing.

    Joiners and variation selectors are fine beside what they join, as in emoji, Persian and Indic text. A
    character that this Python does not know counts as visible.
    """
    return any(not (_INVISIBLE.fullmatch(each) or each.isspace()) for each in text)


def clean_text(text: str) -> str:
    """Return `text` without control characters, except line breaks and tabs, and without those that embed or
    override a direction of writing, which would turn around what stands beside it. Surrounding white space is
    removed, and every line break is a single LF.

    The characters that people need to write right-to-left text (marks and isolates, which end with the text
    where pages show it) stay.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROLS.sub("", lines).strip()


def clean_line(text: str) -> str:
    """Return `text` for a name, title or tag: cleaned as `clean_text` does, in one line, with single spaces,
    and also without isolates, because names stand in the middle of other text.
    """
    return " ".join(_ISOLATES.sub("", clean_text(text)).split())


def storable_text(text: str, limit: int) -> str:
    """Return what PostgreSQL can store of `text`, which may quote anything a server sent: at most `limit`
    characters, without NUL, and with a question mark for each lone surrogate.
    """
    return text.replace("\x00", "").encode(errors="replace").decode()[:limit]
