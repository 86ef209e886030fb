"""What reads and makes videos and pictures: FFmpeg and Pillow, in their own processes."""

from django.conf import settings

from videos.doctor.finding import Findings, not_checked, ok, wrong
from videos.doctor.runner import describe
from videos.media.codecs import find_missing_codecs
from videos.media.sandbox import upload_budget


def check_codecs() -> Findings:
    """Start a decoder as an upload does, and ask it what it can read and write."""
    if not settings.DATA_DIR.is_dir():  # where it would make a folder
        yield not_checked("video and images", "DATA_DIR has to be there first.")
        return
    try:
        versions, missing = find_missing_codecs(upload_budget())
    except Exception as error:  # noqa: BLE001  # whatever it is, no video can be stored
        advice = "Run `pip install -r requirements.txt` again. If memory was refused, give the machine more."
        yield wrong("video and images", f"The decoder does not start: {describe(error)}", advice)
        return
    if missing:
        advice = (
            "Install `av` and `pillow` from PyPI's wheels, as requirements.txt "
            "has them, not from a distribution."
        )
        yield wrong("video and images", f"{versions} cannot do {', '.join(missing)}.", advice)
    else:
        yield ok("video and images", f"{versions} have all that is needed.")
