"""Create one video from the command line."""

import os
import secrets
import shutil
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from billing.spender import spending
from videos.management.arguments import (
    add_confirm_price,
    created_or_waiting,
    get_user,
    open_reference_file,
    to_command_error,
)
from videos.management.progress import follow_videos
from videos.models import Collection, Fit, Video
from videos.parameter_texts import parse_assignments
from videos.services.approvals import create_or_ask
from videos.services.collections import find_editable
from videos.services.generation_requests import GenerationRequest
from videos.services.images import NewImage, RequestImages
from videos.services.paid_requests import NewVideos


class Command(BaseCommand):
    help = (
        "Queue one video and print its id, and nothing else, on standard output. With --wait, follow it "
        "until it is stored; the exit code is 0 only if it is. Ctrl-C stops the waiting, never the video."
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
            "--reference", type=Path, metavar="FILE", help="JPEG, PNG or WebP image to start from"
        )
        parser.add_argument(
            "--last-frame", type=Path, metavar="FILE", help="image to end with, where the model takes one"
        )
        parser.add_argument(
            "--reference-image",
            type=Path,
            metavar="FILE",
            nargs="+",
            action="extend",
            default=[],
            help="further images to follow, where the model takes them",
        )
        parser.add_argument(
            "--fit",
            choices=Fit.values,
            default=Fit.CROP.value,
            help="how the first and last frame are fitted to the video's size: crop fills it and cuts off "
            "what does not fit, pad shows all of it on a blurred copy; default: %(default)s",
        )
        parser.add_argument(
            "--parameter",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="something else that the model takes, such as seed=7; may be given several times",
        )
        parser.add_argument(
            "--collection",
            metavar="NAME",
            help="put it into this collection of the user's, or one that the user may edit; a name or an id",
        )
        add_confirm_price(parser)
        parser.add_argument("--wait", action="store_true", help="show progress until the video has ended")
        parser.add_argument(
            "--output", type=Path, metavar="FILE", help="copy the finished video there; implies --wait"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        output: Path | None = options["output"]
        if output is not None:
            _validate_output(output)
        video = _create_video(options)
        self.stdout.write(video.public_id)
        self.stdout.flush()
        if not options["wait"] and output is None:
            return
        (outcome,) = follow_videos([video], self.stderr)
        if outcome.kind != "completed":
            raise CommandError(f"{outcome.public_id} {outcome.kind}: {outcome.reason}".rstrip(": "))
        if output is not None:
            _copy_file(video, output)


def _create_video(options: dict[str, Any]) -> Video:
    """Create the video. Raises `CommandError` that names the option at fault; then nothing was created."""
    owner = get_user(options["user"])
    collections = (_find_collection(owner, options["collection"]),) if options["collection"] else ()
    request = GenerationRequest(
        options["prompt"],
        options["model"],
        options["seconds"],
        options["size"],
        fit=Fit(options["fit"]),
        parameters=_parse_parameters(options["parameter"]),
        collections=collections,
    )
    wanted = NewVideos([request], _open_images(options))
    try:
        with spending(confirmed_price=options["confirm_price"]):
            (video,) = created_or_waiting(create_or_ask(owner, wanted))
    except ValidationError as error:
        raise to_command_error(error) from error
    return video


def _find_collection(owner: User, name: str) -> Collection:
    try:
        return find_editable(owner, name)
    except ValidationError as error:
        raise to_command_error(error) from error


def _open_images(options: dict[str, Any]) -> RequestImages:
    """Return the images that the options name. Raises `CommandError`."""

    def opened(option: str, path: Path) -> NewImage:
        try:
            return NewImage(open_reference_file(path))
        except ValueError as error:
            raise CommandError(f"{option}: {error}") from error

    first, last, others = options["reference"], options["last_frame"], options["reference_image"]
    return RequestImages(
        opened("--reference", first) if first else None,
        opened("--last-frame", last) if last else None,
        tuple(opened("--reference-image", path) for path in others),
    )


def _parse_parameters(assignments: list[str]) -> dict[str, str]:
    try:
        return parse_assignments(assignments)
    except ValidationError as error:
        raise CommandError(f"--parameter: {error.messages[0]}") from error


def _validate_output(output: Path) -> None:
    """Raise `CommandError` unless a file can be written there, before anything is paid for."""
    if output.is_dir():
        raise CommandError(f"--output: “{output}” is a folder; name a file.")
    if output.exists() and not output.is_file():
        raise CommandError(f"--output: “{output}” is not a regular file.")
    if not output.parent.is_dir():
        raise CommandError(f"--output: there is no folder “{output.parent}”.")
    if not os.access(output.parent, os.W_OK | os.X_OK):
        raise CommandError(f"--output: “{output.parent}” cannot be written to.")


def _copy_file(video: Video, output: Path) -> None:
    """Copy the whole stored file to `output`, or leave what was there. Raises `CommandError`."""
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
