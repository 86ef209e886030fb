"""What went wrong with videos, by error code, in a few words: for tables that count failures."""

_WORDS = {
    "bad_reply": "An answer that cannot be understood",
    "bad_request": "The request was refused",
    "dropped": "The answer to the submission was lost",
    "download_failed": "The file could not be downloaded",
    "file_too_large": "The file is too large",
    "generation_failed": "The backend could not make it",
    "given_up": "Marked as failed by a person",
    "gone": "The backend no longer had the file",
    "invalid_key": "The key was refused",
    "moderation_blocked": "Stopped by the content filter",
    "no_file": "The backend named no file",
    "not_a_video": "The file is no video",
    "not_found": "The backend forgot the job",
    "out_of_credit": "Out of credit",
    "rate_limited": "Too many requests",
    "sentinel_block": "Refused by the content filter",
    "source_gone": "The source video was gone",
    "source_unknown": "The backend no longer had the source",
    "timed_out": "Longer than the time limit",
    "too_large": "The reference image was too large",
    "unreachable": "The backend could not be reached",
}


def describe_failure(code: str) -> str:
    """Return what a code means; the code itself, as words, where nobody has named it."""
    return _WORDS.get(code) or code.replace("_", " ").capitalize() or "No reason told"
