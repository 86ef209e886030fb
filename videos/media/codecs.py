"""What FFmpeg and Pillow, as they are installed here, can read and write."""

from videos.media import sandbox
from videos.media.sandbox import Budget


def find_missing_codecs(budget: Budget) -> tuple[str, list[str]]:
    """Return the versions, and the names of what the studio needs and they do not have.

    Raises as `sandbox.run` does.
    """
    found = sandbox.run("find_missing_codecs", {}, budget)
    return str(found["versions"]), [str(name) for name in found["missing"]]
