"""The tasks that look at videos: what was measured as plain values, and pictures to files."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from videos.media.decoder import inspection, stills


def inspect_video(path: str) -> dict[str, Any]:
    """See `inspection.inspect_video`."""
    facts = inspection.inspect_video(Path(path))
    return asdict(facts) | {"container": facts.container.name}


def inspect_with_pictures(path: str, poster: str, sheet: str) -> dict[str, Any]:
    """See `inspection.inspect_video`; and `stills.make_pictures`, of what browsers play as it is.

    What goes wrong with the pictures is not told: the file is a video all the same, and whoever asked may
    have them made by themselves.
    """
    facts = inspection.inspect_video(Path(path))
    layout = None
    if facts.plays_in_browsers:
        with suppress(Exception):
            layout = make_pictures(path, poster, sheet)
    return {"facts": asdict(facts) | {"container": facts.container.name}, "layout": layout}


def make_pictures(video: str, poster: str, sheet: str) -> dict[str, int]:
    """See `stills.make_pictures`."""
    return asdict(stills.make_pictures(Path(video), Path(poster), Path(sheet)))


def make_poster(video: str, target: str) -> list[int]:
    """See `stills.make_poster`."""
    return list(stills.make_poster(Path(video), Path(target)))


def make_scrub_sheet(video: str, target: str) -> dict[str, int]:
    """See `stills.make_scrub_sheet`."""
    return asdict(stills.make_scrub_sheet(Path(video), Path(target)))
