"""Making a video from another: remix, edit and extend, by whoever owns the source."""

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import User
from videos import catalogue
from videos.catalogue import Ways
from videos.engine import hints
from videos.models import Backend, Kind, State, Video, VideoModel
from videos.services import wrong_prompt


def remix(owner: User, source: Video, prompt: str) -> Video:
    """Ask the source's backend for a variation of it. Returns the queued video.

    Raises `ValidationError`, by field (`prompt`, `video`), when the prompt or the source will not do. As
    with `services.create`, it is submitted exactly once.
    """
    ways = _checked(source, prompt)
    if not ways.remix:
        raise ValidationError({"video": cannot(source, "remix")})
    return _queued(owner, source, prompt, kind=Kind.REMIX, seconds=source.whole_seconds)


def edit(owner: User, source: Video, prompt: str) -> Video:
    """Ask the source's backend to change what the prompt says. Returns and raises as `remix` does."""
    ways = _checked(source, prompt)
    if not ways.edit:
        raise ValidationError({"video": cannot(source, "edit")})
    return _queued(owner, source, prompt, kind=Kind.EDIT, seconds=source.whole_seconds)


def extend(owner: User, source: Video, prompt: str, seconds: int) -> Video:
    """Go on from the source's end for `seconds` seconds; the finished file is the whole film.

    Where the backend cannot, the video's model makes a clip that begins with the source's last frame, and
    the two are joined here (`joins_source`). Returns and raises as `remix` does, also for `seconds`.
    """
    ways = _checked(source, prompt)
    if not ways.can_extend:
        raise ValidationError({"video": cannot(source, "extend")})
    if seconds not in ways.lengths:
        offered = ", ".join(str(length) for length in ways.lengths)
        raise ValidationError({"seconds": f"This video can be extended by {offered} seconds."})
    return _queued(
        owner,
        source,
        prompt,
        kind=Kind.EXTEND,
        seconds=seconds,
        source_seconds=source.whole_seconds,
        backend=ways.join.backend if ways.join else source.backend,
        joins_source=ways.join is not None,
    )


def cannot(source: Video, verb: str) -> str:
    """Say why `verb`, one of remix, edit and extend, is not among the ways of `source`."""
    if source.state != State.COMPLETED or not source.file:
        status = source.status.replace("_", " ")
        return f"You can only {verb} a completed video; the status of this one is {status}."
    if verb == "extend" and source.whole_seconds + min(catalogue.EXTENSION_SECONDS) > catalogue.LONGEST:
        return (
            f"This video is {source.whole_seconds} s long. With all its extensions, a video can have at most "
            f"{catalogue.LONGEST} s."
        )
    return f"{source.backend.name} cannot {verb} this video."


def price(source: Video, seconds: int) -> str:
    """What `seconds` seconds in the source's model and size cost, in words; empty when there is no price."""
    return prices(source, [seconds])[seconds]


def prices(source: Video, lengths: Iterable[int]) -> dict[int, str]:
    """The `price` of each length, by its seconds, in one query."""
    model = VideoModel.objects.filter(name=source.model).first()
    amounts = {each: model.price(each, source.size) if model else None for each in lengths}
    return {each: "" if amount is None else catalogue.dollars(amount) for each, amount in amounts.items()}


def _checked(source: Video, prompt: str) -> Ways:
    if sentence := wrong_prompt(prompt):
        raise ValidationError({"prompt": sentence})
    return catalogue.ways(source)


def _queued(
    owner: User,
    source: Video,
    prompt: str,
    *,
    kind: Kind,
    seconds: int,
    source_seconds: int = 0,
    backend: Backend | None = None,
    joins_source: bool = False,
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
            joins_source=joins_source,
            price=model.price(seconds, source.size) if model else None,
        )
        hints.send_after_commit("submit", video.backend_id)
    return video
