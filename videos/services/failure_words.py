"""What went wrong with videos, by error code, in a few words: for tables that count failures."""

from django.utils.translation import gettext, gettext_lazy

_WORDS = {
    "bad_reply": gettext_lazy("An answer that cannot be understood"),
    "bad_request": gettext_lazy("The request was refused"),
    "dropped": gettext_lazy("The answer to the submission was lost"),
    "download_failed": gettext_lazy("The file could not be downloaded"),
    "file_too_large": gettext_lazy("The file is too large"),
    "generation_failed": gettext_lazy("The backend could not make it"),
    "given_up": gettext_lazy("Marked as failed by a person"),
    "gone": gettext_lazy("The backend no longer had the file"),
    "invalid_key": gettext_lazy("The key was refused"),
    "moderation_blocked": gettext_lazy("Stopped by the content filter"),
    "no_file": gettext_lazy("The backend named no file"),
    "not_a_video": gettext_lazy("The file is no video"),
    "not_found": gettext_lazy("The backend forgot the job"),
    "out_of_credit": gettext_lazy("Out of credit"),
    "rate_limited": gettext_lazy("Too many requests"),
    "sentinel_block": gettext_lazy("Refused by the content filter"),
    "source_gone": gettext_lazy("The source video was gone"),
    "source_unknown": gettext_lazy("The backend no longer had the source"),
    "timed_out": gettext_lazy("Longer than the time limit"),
    "too_large": gettext_lazy("The reference image was too large"),
    "unreachable": gettext_lazy("The backend could not be reached"),
}


def describe_failure(code: str) -> str:
    """Return what a code means; the code itself, as words, where nobody has named it."""
    if code in _WORDS:
        return str(_WORDS[code])
    return code.replace("_", " ").capitalize() or gettext("No reason told")
