"""What a person can ask for. Pages, APIs, the admin and commands all come through here.

Videos made from another one are in `videos.deriving`, characters in `videos.casting`.
"""

import hashlib
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from videos import catalogue, lifecycle
from videos.catalogue import Offer
from videos.engine import hints
from videos.lifecycle import Reason
from videos.media.reference import Reference
from videos.models import Character, Fit, ReferenceImage, Video

PROMPT_LIMIT = 32_000  # characters, as the protocol has it
TAKES_LIMIT = 4  # of one wish in one go, as many as can be compared side by side
CHARACTER_LIMIT = 2  # in one video, as the protocol's guide had it
_BATCH = 500  # rows in one INSERT

GIVEN_UP = Reason("given_up", "Marked as failed: we couldn't confirm that the backend received this job.")


@dataclass(frozen=True)
class Take:
    """Which of the videos of one wish it is. Those with the same `group` belong together."""

    number: int = 1
    of: int = 1
    group: uuid.UUID | None = None


@dataclass(frozen=True)
class Wish:
    """What someone wants to see. `seconds` is the length of the clip, `size` is WIDTHxHEIGHT in pixels."""

    prompt: str
    model: str
    seconds: int
    size: str
    reference: ReferenceImage | None = None
    fit: Fit = Fit.CROP
    characters: tuple[Character, ...] = ()
    take: Take = Take()


def takes(wish: Wish, count: int) -> list[Wish]:
    """Return `wish` as many times, as takes that belong together, for `create_many`.

    Raises `ValidationError` by field when there are to be fewer than one or more than `TAKES_LIMIT`.
    """
    if sentence := wrong_takes(count):
        raise ValidationError({"takes": sentence})
    group = uuid.uuid4() if count > 1 else None
    return [replace(wish, take=Take(number, count, group)) for number in range(1, count + 1)]


def wrong_takes(count: int) -> str:
    """Say what is wrong with a number of takes; empty when nothing is."""
    return "" if 1 <= count <= TAKES_LIMIT else f"Choose 1 to {TAKES_LIMIT} takes."


def check(wish: Wish) -> None:
    """Raise `ValidationError`, by field, unless the catalogue offers exactly this now."""
    (errors,) = check_many([wish])
    if errors:
        raise ValidationError(errors)


def check_many(wishes: Sequence[Wish]) -> list[dict[str, str]]:
    """Return, for each wish in turn, a sentence by field for what is wrong with it; empty when nothing is.

    The catalogue is read once, however many there are.
    """
    offers = catalogue.offers()
    return [_errors(wish, offers) for wish in wishes]


def _errors(wish: Wish, offers: Mapping[str, Offer]) -> dict[str, str]:
    errors: dict[str, str] = {}
    if sentence := wrong_prompt(wish.prompt):
        errors["prompt"] = sentence
    return errors | _errors_by_catalogue(wish, offers)


def wrong_prompt(prompt: str) -> str:
    """Say what is wrong with a prompt; empty when nothing is."""
    if not prompt.strip():
        return "Write a prompt: what should the video show?"
    if len(prompt) > PROMPT_LIMIT:
        return f"A prompt can have at most {PROMPT_LIMIT:,} characters; this one has {len(prompt):,}."
    if "\x00" in prompt or not is_unicode(prompt):
        return "The prompt contains a character that cannot be stored."
    return ""


def _errors_by_catalogue(wish: Wish, offers: Mapping[str, Offer]) -> dict[str, str]:
    offer = offers.get(wish.model)
    if offer is None:
        instead = f"Choose one of: {', '.join(offers)}." if offers else "No models are available right now."
        return {"model": f"There is no model “{wish.model[:100]}”. {instead}"}
    errors: dict[str, str] = {}
    model = offer.model
    if wish.seconds not in model.seconds:
        offered = ", ".join(str(seconds) for seconds in model.seconds)
        errors["seconds"] = f"{model.label} supports these durations: {offered} seconds."
    if wish.size not in model.sizes:
        errors["size"] = f"{model.label} supports these sizes: {', '.join(model.sizes)}."
    if wish.reference is not None and not offer.takes_reference:
        errors["reference"] = no_reference(offer)
    if wish.characters and (sentence := _wrong_characters(wish.characters, offer)):
        errors["characters"] = sentence
    return errors


def _wrong_characters(characters: Sequence[Character], offer: Offer) -> str:
    if len(characters) > CHARACTER_LIMIT:
        return f"A video can have at most {CHARACTER_LIMIT} characters."
    if not offer.has_characters:
        return f"{offer.model.label} on {offer.backend.name} does not support characters. Remove them."
    strangers = [each.name for each in characters if each.backend_id != offer.backend.pk]
    if strangers:
        return f"{offer.backend.name} cannot use {strangers[0]}, a character of another backend."
    unready = [each.name for each in characters if not each.is_ready]
    return f"{unready[0]} is not ready yet." if unready else ""


def no_reference(offer: Offer) -> str:
    """The sentence for a reference image that the offer's backend cannot take."""
    return f"{offer.model.label} on {offer.backend.name} does not support reference images. Remove the image."


def is_unicode(text: str) -> bool:
    """Whether `text` can be written down: JSON can smuggle in half a character (a lone surrogate)."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def create(owner: User, wish: Wish) -> Video:
    """Write the wish down and let the workers know. Raises `ValidationError` by field.

    Returns the queued video. It is submitted exactly once, however often a message is lost or doubled.
    """
    (video,) = create_many(owner, [wish])
    return video


def create_many(owner: User, wishes: Sequence[Wish]) -> list[Video]:
    """Write all the wishes down, or none, and let the workers know. Returns the queued videos in order, each
    bound to the backend that serves its model.

    Raises `ValidationError` by field for the first wish the catalogue does not offer. One query writes as
    many as the database takes at once: about 20 on SQLite, 500 on PostgreSQL. Each video is submitted
    exactly once, as with `create`.
    """
    with transaction.atomic():
        offers = catalogue.offers()
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
                hints.send_after_commit("submit", backend.pk)
    return videos


def _queued(owner: User, offer: Offer, wish: Wish) -> Video:
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
        raise ValidationError({"reference": "This image was just deleted. Choose another one."})


def keep_reference(owner: User, reference: Reference) -> ReferenceImage:
    """Store an opened reference image among the owner's, with its thumbnail.

    The same picture again is the same row: it comes to the front, and back when it was deleted.
    """
    with transaction.atomic():
        image, made = ReferenceImage.objects.select_for_update().get_or_create(
            owner=owner,
            sha256=hashlib.sha256(reference.content).hexdigest(),
            defaults={
                "content_type": reference.content_type,
                "width": reference.width,
                "height": reference.height,
            },
        )
        if made:
            image.file.save(f"reference.{reference.extension}", ContentFile(reference.content), save=False)
        if not image.thumbnail:  # new, or from before there were any
            image.thumbnail.save("thumbnail.webp", ContentFile(reference.thumbnail), save=False)
        image.used_at, image.deleted_at = timezone.now(), None
        image.save(update_fields=["file", "thumbnail", "used_at", "deleted_at"])
    return image


def cancel(video: Video) -> bool:
    """Cancel a video in flight; free before the backend took it. Returns whether there was anything to."""
    return lifecycle.cancel(video.pk)


def retry(video: Video) -> bool:
    """Submit a failed video anew. This is a new, paid job. Returns False when it is not failed any more."""
    return _then_submit(video, lifecycle.retry(video.pk))


def submit_again(video: Video) -> bool:
    """Queue an uncertain video again because its owner decided so, knowing it may be paid twice."""
    return _then_submit(video, lifecycle.submit_again(video.pk))


def give_up(video: Video) -> bool:
    """Fail an uncertain video because its owner decided so."""
    return lifecycle.give_up(video.pk, GIVEN_UP)


def check_again(video: Video) -> bool:
    """Look once more at the backend's job of a video that failed on our side. Nothing is submitted."""
    return lifecycle.check_again(video.pk)


def delete(video: Video) -> bool:
    """Hide the video at once; files, the backend's job and the row follow. Cancels what is in flight."""
    deleted = lifecycle.delete(video.pk)
    if deleted:
        hints.send_after_commit("forget", video.pk)
    return deleted


def _then_submit(video: Video, queued: bool) -> bool:
    if queued:
        hints.send_after_commit("submit", video.backend_id)
    return queued
