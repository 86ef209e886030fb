"""Make a video from another one: remix, edit and extend."""

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import User
from videos import lifecycle
from videos.capabilities import EXTENSION_SECONDS, MAX_SECONDS, Capabilities, Offer, capabilities_for
from videos.engine import enqueue
from videos.formatting import format_dollars
from videos.models import Kind, State, Video, VideoModel
from videos.services.videos import validate_prompt
from videos.validation import clean_text


def remix_video(owner: User, source: Video, prompt: str) -> Video:
    """Ask the source's backend for a variation of it. Returns the queued video.

    Raises `ValidationError`, by field (`prompt`, `video`), if the prompt or the source cannot be used. As
    with `create_video`, it is submitted exactly once.
    """
    capabilities = _capabilities_for(source, prompt)
    if not capabilities.remix:
        raise ValidationError({"video": explain_derivation_refusal(source, "remix")})
    return _queue_derivation(owner, source, prompt, kind=Kind.REMIX, seconds=source.total_seconds)


def edit_video(owner: User, source: Video, prompt: str) -> Video:
    """Ask a backend to change what the prompt says. Returns and raises as `remix_video` does.

    Where the source's own backend cannot edit, one that can is sent the file.
    """
    capabilities = _capabilities_for(source, prompt)
    if not capabilities.can_edit:
        raise ValidationError({"video": explain_derivation_refusal(source, "edit")})
    return _queue_derivation(
        owner,
        source,
        prompt,
        kind=Kind.EDIT,
        seconds=source.total_seconds,
        offer=capabilities.edit_offer,
    )


def extend_video(owner: User, source: Video, prompt: str, seconds: int) -> Video:
    """Continue the source for `seconds` seconds; the finished file holds the source and its continuation.

    Where the backend cannot extend, the video's model makes a video that begins with the source's last frame,
    and the two are joined here (`concat_with_source`). Returns and raises as `remix_video` does, and raises
    also for `seconds`.
    """
    capabilities = _capabilities_for(source, prompt)
    if not capabilities.can_extend:
        raise ValidationError({"video": explain_derivation_refusal(source, "extend")})
    if seconds not in capabilities.lengths:
        offered = ", ".join(str(length) for length in capabilities.lengths)
        raise ValidationError({"seconds": f"This video can be extended by {offered} seconds."})
    return _queue_derivation(
        owner,
        source,
        prompt,
        kind=Kind.EXTEND,
        seconds=seconds,
        source_seconds=source.total_seconds,
        offer=capabilities.concat_offer,
        concat_with_source=capabilities.concat_offer is not None,
    )


def explain_derivation_refusal(source: Video, verb: str) -> str:
    """Return, as a sentence, why `source` cannot be used to `verb`, one of remix, edit and extend.

    For callers that know from `capabilities_for` that it cannot.
    """
    if source.state != State.COMPLETED or not source.file:
        status = source.status.replace("_", " ")
        return f"You can only {verb} a completed video; the status of this one is {status}."
    if verb == "extend" and source.total_seconds + min(EXTENSION_SECONDS) > MAX_SECONDS:
        return (
            f"This video is {source.total_seconds} s long. With all its extensions, a video can have at most "
            f"{MAX_SECONDS} s."
        )
    return f"{source.backend.name} cannot {verb} this video."


def format_derivation_price(source: Video, seconds: int) -> str:
    """Return the price of `seconds` in the source's model and size, such as $0.40; empty without one."""
    return format_derivation_prices(source, [seconds])[seconds]


def format_derivation_prices(source: Video, lengths: Iterable[int]) -> dict[int, str]:
    """Return the price of each length, as `format_derivation_price` does, by its seconds. One query."""
    model = VideoModel.objects.filter(name=source.model).first()
    amounts = {each: model.price(each, source.size) if model else None for each in lengths}
    return {each: "" if amount is None else format_dollars(amount) for each, amount in amounts.items()}


def _capabilities_for(source: Video, prompt: str) -> Capabilities:
    """Return what can be made of the source. Raises `ValidationError` (`prompt`) for an unusable prompt."""
    try:
        validate_prompt(prompt)
    except ValidationError as error:
        raise ValidationError({"prompt": error}) from error
    return capabilities_for(source)


def _queue_derivation(
    owner: User,
    source: Video,
    prompt: str,
    *,
    kind: Kind,
    seconds: int,
    source_seconds: int = 0,
    offer: Offer | None = None,
    concat_with_source: bool = False,
) -> Video:
    """Queue a video made from `source` by its own backend and model, or by those of the `offer`."""
    model = offer.model if offer else VideoModel.objects.filter(name=source.model).first()
    with transaction.atomic():
        video = Video.objects.create(
            owner=owner,
            backend=offer.backend if offer else source.backend,
            kind=kind,
            source=source,
            remixed_from=source.public_id,
            prompt=clean_text(prompt),
            model=offer.model.name if offer else source.model,
            size=source.size,
            seconds=seconds,
            source_seconds=source_seconds,
            concat_with_source=concat_with_source,
            price=model.price(seconds, source.size) if model else None,
        )
        lifecycle.reserve([video])
        enqueue.send_after_commit("submit", video.backend_id)
    return video
