"""What a person can ask for. Pages, APIs, the admin and commands all come through here.

Videos made from another one are in `videos.services.derivations`, characters in `videos.services.characters`.
"""

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from videos import lifecycle
from videos.capabilities import Offer, available_offers
from videos.engine import enqueue
from videos.lifecycle import Reason
from videos.models import Character, Fit, ReferenceImage, Video
from videos.validation import is_unicode

MAX_PROMPT_LENGTH = 32_000  # characters, as the protocol has it
MAX_TAKES = 4  # of one wish in one go, as many as can be compared side by side
MAX_CHARACTERS = 2  # in one video, as the protocol's guide had it
_BATCH = 500  # rows in one INSERT

ABANDONED = Reason("given_up", "Given up: nobody could tell whether the backend accepted this video.")


@dataclass(frozen=True)
class Take:
    """Which of the videos of one wish it is. Those with the same `group` belong together."""

    number: int = 1
    of: int = 1
    group: uuid.UUID | None = None


@dataclass(frozen=True)
class GenerationRequest:
    """What someone wants to see. `seconds` is the length of the clip, `size` is WIDTHxHEIGHT in pixels."""

    prompt: str
    model: str
    seconds: int
    size: str
    reference: ReferenceImage | None = None
    fit: Fit = Fit.CROP
    characters: tuple[Character, ...] = ()
    take: Take = Take()


def make_takes(wish: GenerationRequest, count: int) -> list[GenerationRequest]:
    """Return `wish` as many times, as takes that belong together, for `create_many`.

    Raises `ValidationError` by field when there are to be fewer than one or more than `TAKES_LIMIT`.
    """
    if sentence := takes_error(count):
        raise ValidationError({"takes": sentence})
    group = uuid.uuid4() if count > 1 else None
    return [replace(wish, take=Take(number, count, group)) for number in range(1, count + 1)]


def takes_error(count: int) -> str:
    """Say what is wrong with a number of takes; empty when nothing is."""
    return "" if 1 <= count <= MAX_TAKES else f"Choose 1 to {MAX_TAKES} takes."


def validate_request(wish: GenerationRequest) -> None:
    """Raise `ValidationError`, by field, unless the catalogue offers exactly this now."""
    (errors,) = find_errors([wish])
    if errors:
        raise ValidationError(errors)


def find_errors(wishes: Sequence[GenerationRequest]) -> list[dict[str, str]]:
    """Return, for each wish in turn, a sentence by field for what is wrong with it; empty when nothing is.

    The catalogue is read once, however many there are.
    """
    offers = available_offers()
    return [_errors(wish, offers) for wish in wishes]


def _errors(wish: GenerationRequest, offers: Mapping[str, Offer]) -> dict[str, str]:
    errors: dict[str, str] = {}
    if sentence := prompt_error(wish.prompt):
        errors["prompt"] = sentence
    return errors | _errors_by_catalogue(wish, offers)


def prompt_error(prompt: str) -> str:
    """Say what is wrong with a prompt; empty when nothing is."""
    if not prompt.strip():
        return "Write a prompt: what should the video show?"
    if len(prompt) > MAX_PROMPT_LENGTH:
        return f"A prompt has at most {MAX_PROMPT_LENGTH:,} characters; this one has {len(prompt):,}."
    if "\x00" in prompt or not is_unicode(prompt):
        return "The prompt holds a character that cannot be stored."
    return ""


def _errors_by_catalogue(wish: GenerationRequest, offers: Mapping[str, Offer]) -> dict[str, str]:
    offer = offers.get(wish.model)
    if offer is None:
        instead = f"Choose one of: {', '.join(offers)}." if offers else "No backend serves any model now."
        return {"model": f"There is no model “{wish.model[:100]}”. {instead}"}
    errors: dict[str, str] = {}
    model = offer.model
    if wish.seconds not in model.seconds:
        offered = ", ".join(str(seconds) for seconds in model.seconds)
        errors["seconds"] = f"{model.label} makes videos of {offered} seconds."
    if wish.size not in model.sizes:
        errors["size"] = f"{model.label} makes videos of {', '.join(model.sizes)}."
    if wish.reference is not None and not offer.takes_reference:
        errors["reference"] = reference_unsupported(offer)
    if wish.characters and (sentence := _wrong_characters(wish.characters, offer)):
        errors["characters"] = sentence
    return errors


def _wrong_characters(characters: Sequence[Character], offer: Offer) -> str:
    if len(characters) > MAX_CHARACTERS:
        return f"A video has at most {MAX_CHARACTERS} characters."
    if not offer.has_characters:
        return f"{offer.model.label} takes no characters at {offer.backend.name}. Remove them."
    strangers = [each.name for each in characters if each.backend_id != offer.backend.pk]
    if strangers:
        return (
            f"{offer.backend.name} does not know {strangers[0]}, who stays with the backend it was made at."
        )
    unready = [each.name for each in characters if not each.is_ready]
    return f"{unready[0]} is not ready yet." if unready else ""


def reference_unsupported(offer: Offer) -> str:
    """The sentence for a reference image that the offer's backend cannot take."""
    return f"{offer.model.label} takes no reference image at {offer.backend.name}. Remove the image."


def create_video(owner: User, wish: GenerationRequest) -> Video:
    """Write the wish down and let the workers know. Raises `ValidationError` by field.

    Returns the queued video. It is submitted exactly once, however often a message is lost or doubled.
    """
    (video,) = create_videos(owner, [wish])
    return video


def create_videos(owner: User, wishes: Sequence[GenerationRequest]) -> list[Video]:
    """Write all the wishes down, or none, and let the workers know. Returns the queued videos in order, each
    bound to the backend that serves its model.

    Raises `ValidationError` by field for the first wish the catalogue does not offer. One query writes as
    many as the database takes at once: about 20 on SQLite, 500 on PostgreSQL. Each video is submitted
    exactly once, as with `create`.
    """
    with transaction.atomic():
        offers = available_offers()
        for wish in wishes:
            if errors := _errors(wish, offers):
                raise ValidationError(errors)
        _use([wish.reference for wish in wishes if wish.reference is not None])
        chosen = [offers[wish.model] for wish in wishes]
        queued = [_queued(owner, offer, wish) for offer, wish in zip(chosen, wishes, strict=True)]
        videos = Video.objects.bulk_create(queued, batch_size=_BATCH)
        for video, wish in zip(videos, wishes, strict=True):
            if wish.characters:
                video.characters.set(wish.characters)
        backends = [offer.backend for offer in chosen]
        # A hint for each that can start at once; what waits for a free place is found by the next tick.
        for backend, count in Counter(backends).items():
            for _ in range(min(count, backend.max_in_flight)):
                enqueue.send_after_commit("submit", backend.pk)
    return videos


def _queued(owner: User, offer: Offer, wish: GenerationRequest) -> Video:
    return Video(
        owner=owner,
        backend=offer.backend,
        prompt=wish.prompt.strip(),
        model=wish.model,
        seconds=wish.seconds,
        size=wish.size,
        reference=wish.reference,
        reference_fit=wish.fit,
        take=wish.take.number,
        takes=wish.take.of,
        take_group=wish.take.group,
        price=offer.price(wish.seconds, wish.size),
    )


def _use(images: Sequence[ReferenceImage]) -> None:
    """Note that videos ask for the images, which holds their rows until these are written. One deleted by its
    owner is kept again. Raises `ValidationError` when one is gone.
    """
    wanted = {image.pk for image in images}
    if not wanted:
        return
    there = ReferenceImage.objects.filter(pk__in=wanted).update(used_at=timezone.now(), deleted_at=None)
    if there < len(wanted):
        raise ValidationError({"reference": "The image was deleted just now. Choose it again."})


def cancel_video(video: Video) -> bool:
    """Cancel a video in flight; free before the backend took it. Returns whether there was anything to."""
    return lifecycle.cancel(video.pk)


def retry_video(video: Video) -> bool:
    """Submit a failed video anew. This is a new, paid job. Returns False when it is not failed any more."""
    return _then_submit(video, lifecycle.retry(video.pk))


def resubmit_video(video: Video) -> bool:
    """Queue an uncertain video again because its owner decided so, knowing it may be paid twice."""
    return _then_submit(video, lifecycle.submit_again(video.pk))


def abandon_video(video: Video) -> bool:
    """Fail an uncertain video because its owner decided so."""
    return lifecycle.abandon(video.pk, ABANDONED)


def recheck_video(video: Video) -> bool:
    """Look once more at the backend's job of a video that failed on our side. Nothing is submitted."""
    return lifecycle.check_again(video.pk)


def delete_video(video: Video) -> bool:
    """Hide the video at once; files, the backend's job and the row follow. Cancels what is in flight."""
    deleted = lifecycle.delete(video.pk)
    if deleted:
        enqueue.send_after_commit("forget", video.pk)
    return deleted


def _then_submit(video: Video, queued: bool) -> bool:
    if queued:
        enqueue.send_after_commit("submit", video.backend_id)
    return queued
