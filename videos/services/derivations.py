"""Making a video from another: remix, edit and extend, by whoever owns the source."""

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import User
from videos.capabilities import EXTENSION_SECONDS, MAX_SECONDS, Capabilities, capabilities_for
from videos.engine import enqueue
from videos.formatting import format_dollars
from videos.models import Backend, Kind, State, Video, VideoModel
from videos.services.videos import prompt_error


def remix_video(owner: User, source: Video, prompt: str) -> Video:
    """Ask the source's backend for a variation of it. Returns the queued video.

    Raises `ValidationError`, by field (`prompt`, `video`), when the prompt or the source will not do. As
    with `services.create`, it is submitted exactly once.
    """
    ways = _checked(source, prompt)
    if not ways.remix:
        raise ValidationError({"video": why_not_derivable(source, "remix")})
    return _queued(owner, source, prompt, kind=Kind.REMIX, seconds=source.total_seconds)


def edit_video(owner: User, source: Video, prompt: str) -> Video:
    """Ask the source's backend to change what the prompt says. Returns and raises as `remix` does."""
    ways = _checked(source, prompt)
    if not ways.edit:
        raise ValidationError({"video": why_not_derivable(source, "edit")})
    return _queued(owner, source, prompt, kind=Kind.EDIT, seconds=source.total_seconds)


def extend_video(owner: User, source: Video, prompt: str, seconds: int) -> Video:
    """Go on from the source's end for `seconds` seconds; the finished file is the whole film.

    Where the backend cannot, the video's model makes a clip that begins with the source's last frame, and
    the two are joined here (`concat_with_source`). Returns and raises as `remix` does, also for `seconds`.
    """
    ways = _checked(source, prompt)
    if not ways.can_extend:
        raise ValidationError({"video": why_not_derivable(source, "extend")})
    if seconds not in ways.lengths:
        offered = ", ".join(str(length) for length in ways.lengths)
        raise ValidationError({"seconds": f"This video can be extended by {offered} seconds."})
    return _queued(
        owner,
        source,
        prompt,
        kind=Kind.EXTEND,
        seconds=seconds,
        source_seconds=source.total_seconds,
        backend=ways.join.backend if ways.join else source.backend,
        concat_with_source=ways.join is not None,
    )


def why_not_derivable(source: Video, verb: str) -> str:
    """Say why `verb`, one of remix, edit and extend, is not among the ways of `source`."""
    if source.state != State.COMPLETED or not source.file:
        status = source.status.replace("_", " ")
        return f"Only a completed video can be used to {verb}; the status of this one is {status}."
    if verb == "extend" and source.total_seconds + min(EXTENSION_SECONDS) > MAX_SECONDS:
        return (
            f"This film is {source.total_seconds} s long, and with all its extensions one has at most "
            f"{MAX_SECONDS} s."
        )
    return f"{source.backend.name} cannot {verb} this video."


def format_price(source: Video, seconds: int) -> str:
    """What `seconds` seconds in the source's model and size cost, in words; empty when there is no price."""
    return format_prices(source, [seconds])[seconds]


def format_prices(source: Video, lengths: Iterable[int]) -> dict[int, str]:
    """The `price` of each length, by its seconds, in one query."""
    model = VideoModel.objects.filter(name=source.model).first()
    amounts = {each: model.price(each, source.size) if model else None for each in lengths}
    return {each: "" if amount is None else format_dollars(amount) for each, amount in amounts.items()}


def _checked(source: Video, prompt: str) -> Capabilities:
    if sentence := prompt_error(prompt):
        raise ValidationError({"prompt": sentence})
    return capabilities_for(source)


def _queued(
    owner: User,
    source: Video,
    prompt: str,
    *,
    kind: Kind,
    seconds: int,
    source_seconds: int = 0,
    backend: Backend | None = None,
    concat_with_source: bool = False,
) -> Video:
    model = VideoModel.objects.filter(name=source.model).first()
    with transaction.atomic():
        video = Video.objects.create(
            owner=owner,
            backend=backend or source.backend,
            kind=kind,
            source=source,
            remixed_from=source.public_id,
            prompt=prompt.strip(),
            model=source.model,
            size=source.size,
            seconds=seconds,
            source_seconds=source_seconds,
            concat_with_source=concat_with_source,
            price=model.price(seconds, source.size) if model else None,
        )
        enqueue.send_after_commit("submit", video.backend_id)
    return video
