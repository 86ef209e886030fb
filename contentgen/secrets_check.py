"""Secrets that somebody could guess: too short, too uniform, or copied from an example."""

import re

MIN_KEY_LENGTH = 32  # characters; Django's own generator makes 50
MIN_KEY_VARIETY = 10  # different characters; 32 random hexadecimal digits have about 14
MIN_PASSWORD_LENGTH = 10
MIN_PASSWORD_VARIETY = 5

# What examples, tutorials and installers write where a secret belongs.
_EXAMPLES = re.compile(
    r"django-insecure|change-?_?me|change-?_?this|your-?_?(secret|key|password)|replace-?_?me|insecure"
    r"|example|placeholder|secret-?_?key",
    re.IGNORECASE,
)
_COMMON_PASSWORD = re.compile(
    r"[\d\W_]*((admin|administrator|contentgen|demo|guest|letmein|login|master|owner|pass(word|wort|phrase)?"
    r"|qwert[yz]|root|secret|studio|test|user|welcome)[\d\W_]*)*",
    re.IGNORECASE,
)


def secret_key_weakness(key: str) -> str:
    """Return why a secret key can be guessed, to follow "it"; an empty string where nothing shows that."""
    if found := _EXAMPLES.search(key):
        return f"holds “{found[0]}”, as examples do"
    if len(key) < MIN_KEY_LENGTH:
        return f"is shorter than {MIN_KEY_LENGTH} characters"
    if len(set(key)) < MIN_KEY_VARIETY or _is_repetition(key):
        return "repeats the same few characters"
    return ""


def password_weakness(password: str, *, username: str) -> str:
    """Return why a password can be guessed, to follow "it"; an empty string where nothing shows that."""
    if len(password) < MIN_PASSWORD_LENGTH:
        return f"is shorter than {MIN_PASSWORD_LENGTH} characters"
    if _EXAMPLES.search(password) or _COMMON_PASSWORD.fullmatch(password):
        return "is one that everybody tries first"
    if username.lower() in password.lower():
        return "holds the username"
    if len(set(password)) < MIN_PASSWORD_VARIETY or _is_repetition(password):
        return "repeats the same few characters"
    return ""


def _is_repetition(text: str) -> bool:
    """Whether the text is one part, written twice or more."""
    return text in (text + text)[1:-1]
