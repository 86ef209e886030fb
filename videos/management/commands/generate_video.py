"""One video from the command line."""

import os
import secrets
import shutil
from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from videos.management.arguments import naming_the_option, person, reference_at
from videos.management.progress import follow
from videos.models import Fit, Video
from videos.services.references import keep_reference
from videos.services.videos import GenerationRequest, create_video, validate_request


class Command(BaseCommand):
    help = (
        "Queue one video and print its id, and nothing else, on standard output. With --wait, follow it "
        "until it is stored; the exit code is 0 only when it is. Ctrl-C stops the waiting, never the video."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("prompt", metavar="PROMPT", help="what the video should show")
        parser.add_argument(
            "--user", metavar="NAME", help="whose video it is (default: the studio's owner account)"
        )
        parser.add_argument("--model", default=settings.DEFAULT_MODEL, help="default: %(default)s")
        parser.add_argument(
            "--seconds", type=int, default=settings.DEFAULT_SECONDS, help="length; default: %(default)s"
        )
        parser.add_argument(
            "--size", default=settings.DEFAULT_SIZE, help="WIDTHxHEIGHT in pixels; default: %(default)s"
        )
        parser.add_argument(
            "--reference", type=Path, metavar="FILE", help="JPEG, PNG or WebP picture to start from"
        )
        parser.add_argument(
            "--fit",
            choices=Fit.values,
            default=Fit.CROP.value,
            help="how the picture is brought to the video's size: crop fills it and cuts what stands over, "
            "pad shows all of it on a blurred copy; default: %(default)s",
        )
        parser.add_argument("--wait", action="store_true", help="show progress until it has ended")
        parser.add_argument(
            "--output", type=Path, metavar="FILE", help="copy the finished video there; implies --wait"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        output: Path | None = options["output"]
        if output is not None:
            _require_place_for(output)
        video = _ask(options)
        self.stdout.write(video.public_id)
        self.stdout.flush()
        if not options["wait"] and output is None:
            return
        (outcome,) = follow([video], self.stderr)
        if outcome.kind != "completed":
            raise CommandError(f"{outcome.public_id} {outcome.kind}: {outcome.reason}".rstrip(": "))
        if output is not None:
            _copy(video, output)


def _ask(options: dict[str, Any]) -> Video:
    """Create the video. Raises `CommandError` that names the option, and then nothing was created."""
    owner = person(options["user"])
    wish = GenerationRequest(options["prompt"], options["model"], options["seconds"], options["size"])
    try:
        validate_request(wish)
        if options["reference"] is not None:
            picture = keep_reference(owner, reference_at(options["reference"]))
            wish = replace(wish, reference=picture, fit=Fit(options["fit"]))
        return create_video(owner, wish)
    except ValidationError as error:
        raise naming_the_option(error) from error
    except ValueError as error:
        raise CommandError(f"--reference: {error}") from error


def _require_place_for(output: Path) -> None:
    """Raise `CommandError` unless a file can be put there: asked before anything is paid for."""
    if output.is_dir():
        raise CommandError(f"--output: “{output}” is a folder; name a file.")
    if output.exists() and not output.is_file():
        raise CommandError(f"--output: “{output}” is not a regular file.")
    if not output.parent.is_dir():
        raise CommandError(f"--output: there is no folder “{output.parent}”.")
    if not os.access(output.parent, os.W_OK | os.X_OK):
        raise CommandError(f"--output: “{output.parent}” cannot be written to.")


def _copy(video: Video, output: Path) -> None:
    """Put the whole stored file at `output`, or leave what was there. Raises `CommandError`."""
    video.refresh_from_db()
    partial = output.with_name(f".{output.name[:100]}.{secrets.token_hex(4)}.part")
    try:
        with video.file.open("rb") as source, partial.open("xb") as target:
            shutil.copyfileobj(source, target)
        partial.replace(output)
    except (OSError, ValueError) as error:
        raise CommandError(f"--output: {error}. The video itself is stored in the studio.") from error
    finally:
        partial.unlink(missing_ok=True)
