"""What the decoder says of itself."""

import av


def ffmpeg_version() -> str:
    """Return the version of the FFmpeg that PyAV brings along."""
    return str(av.ffmpeg_version_info)
