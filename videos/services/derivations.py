"""Make a video from another one: remix, edit and extend."""

from collections.abc import Iterable

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext, gettext_lazy, override, pgettext_lazy

from accounts import roles
from accounts.models import User
from audit.trail import record
from audit.vocabulary import Action
from videos import lifecycle, subjects
from videos.capabilities import EXTENSION_SECONDS, MAX_SECONDS, Capabilities, Offer, capabilities_for
from videos.engine import enqueue
from videos.models import Kind, State, Video, VideoModel
from videos.services.generation_requests import number_takes, validate_prompt
from videos.services.parameters import ChosenParameters, continued_parameters
from videos.services.prices import Price, find_price, price_fields
from videos.services.quota import require_room
from videos.services.terms import UNKNOWN_TERMS, explain_changed_terms, terms_of
from videos.validation import clean_text

_NOT_COMPLETED = {
    "remix": gettext_lazy("You can only remix a completed video; the status of this one is %(status)s."),
    "edit": gettext_lazy("You can only edit a completed video; the status of this one is %(status)s."),
    "extend": gettext_lazy("You can only extend a completed video; the status of this one is %(status)s."),
}
_UNABLE = {
    "remix": gettext_lazy("%(backend)s cannot remix this video."),
    "edit": gettext_lazy("%(backend)s cannot edit this video."),
    "extend": gettext_lazy("%(backend)s cannot extend this video."),
}
_STATUSES = {
    "queued": pgettext_lazy("status", "queued"),
    "in_progress": pgettext_lazy("status", "in progress"),
    "completed": pgettext_lazy("status", "completed"),
    "failed": pgettext_lazy("status", "failed"),
    "canceled": pgettext_lazy("status", "canceled"),
}


def remix_video(
    owner: User, source: Video, prompt: str, *, accepted_terms: frozenset[str] = frozenset()
) -> Video:
    """Ask for one take, as `remix_videos` does, and return it."""
    return remix_videos(owner, source, prompt, accepted_terms=accepted_terms)[0]


def edit_video(
    owner: User, source: Video, prompt: str, *, accepted_terms: frozenset[str] = frozenset()
) -> Video:
    """Ask for one take, as `edit_videos` does, and return it."""
    return edit_videos(owner, source, prompt, accepted_terms=accepted_terms)[0]


def extend_video(
    owner: User, source: Video, prompt: str, seconds: int, *, accepted_terms: frozenset[str] = frozenset()
) -> Video:
    """Ask for one take, as `extend_videos` does, and return it."""
    return extend_videos(owner, source, prompt, seconds, accepted_terms=accepted_terms)[0]


def remix_videos(
    owner: User,
    source: Video,
    prompt: str,
    *,
    takes: int = 1,
    accepted_terms: frozenset[str] = frozenset(),
) -> list[Video]:
    """Ask the source's backend for a variation of it, in so many takes. Returns the queued videos: all, or
    none.

    Raises `ValidationError`, by field (`prompt`, `video`, `takes`), if the prompt or the source cannot be
    used, or a page has shown other terms (`accepted_terms`). As with `create_video`, each is submitted
    exactly once.
    """
    capabilities = _capabilities_for(source, prompt)
    if not capabilities.remix:
        raise ValidationError({"video": explain_derivation_refusal(source, "remix")})
    _validate_terms(source, None, accepted_terms, source.total_seconds, "video")
    return _queue_derivations(
        owner, source, prompt, takes=takes, kind=Kind.REMIX, seconds=source.total_seconds
    )


def edit_videos(
    owner: User,
    source: Video,
    prompt: str,
    *,
    takes: int = 1,
    accepted_terms: frozenset[str] = frozenset(),
) -> list[Video]:
    """Ask a backend to change what the prompt says. Returns and raises as `remix_videos` does.

    Where the source's own backend cannot edit, one that can is sent the file, unless a page has shown other
    terms than its (`accepted_terms`).
    """
    capabilities = _capabilities_for(source, prompt)
    if not capabilities.can_edit:
        raise ValidationError({"video": explain_derivation_refusal(source, "edit")})
    offer = capabilities.edit_offer
    _validate_terms(source, offer, accepted_terms, source.total_seconds, "video")
    return _queue_derivations(
        owner,
        source,
        prompt,
        takes=takes,
        kind=Kind.EDIT,
        seconds=source.total_seconds,
        offer=offer,
    )


def extend_videos(
    owner: User,
    source: Video,
    prompt: str,
    seconds: int,
    *,
    takes: int = 1,
    accepted_terms: frozenset[str] = frozenset(),
) -> list[Video]:
    """Continue the source for `seconds` seconds; the finished file holds the source and its continuation.

    Where the backend cannot extend, the video's model makes a video that begins with the source's last frame,
    and the two are joined here (`concat_with_source`). `accepted_terms` are those that a page has shown of
    that. Returns and raises as `remix_videos` does, and raises also for `seconds`.
    """
    capabilities = _capabilities_for(source, prompt)
    if not capabilities.can_extend:
        raise ValidationError({"video": explain_derivation_refusal(source, "extend")})
    if seconds not in capabilities.lengths:
        offered = ", ".join(str(length) for length in capabilities.lengths)
        sentence = gettext("This video can be extended by %(lengths)s seconds.")
        raise ValidationError({"seconds": sentence % {"lengths": offered}})
    offer = capabilities.concat_offer
    _validate_terms(source, offer, accepted_terms, seconds, "seconds")
    return _queue_derivations(
        owner,
        source,
        prompt,
        takes=takes,
        kind=Kind.EXTEND,
        seconds=seconds,
        source_seconds=source.total_seconds,
        offer=offer,
        concat_with_source=offer is not None,
    )


def derivation_terms(source: Video, offer: Offer | None = None) -> str:
    """Return the terms (`services.terms`) of a video derived from the source, by its own model and backend or
    by those of the `offer`.
    """
    maker = offer or _own_offer(source)
    return terms_of(maker, source.size) if maker else UNKNOWN_TERMS


def _own_offer(source: Video) -> Offer | None:
    """Return the source's own model and backend; None for a model that the catalogue has no longer."""
    model = VideoModel.objects.filter(name=source.model).first()
    return Offer(model, source.backend) if model else None


def _validate_terms(
    source: Video, offer: Offer | None, accepted_terms: frozenset[str], seconds: int, field: str
) -> None:
    """Raise `ValidationError` (`field`) unless a page has shown the terms, or none was asked for them."""
    maker = (offer or _own_offer(source)) if accepted_terms else None
    if maker and (changed := explain_changed_terms(maker, accepted_terms, seconds, source.size)):
        raise ValidationError({field: changed})


def explain_derivation_refusal(source: Video, verb: str) -> str:
    """Return, as a sentence, why `source` cannot be used to `verb`, one of remix, edit and extend.

    For callers that know from `capabilities_for` that it cannot.
    """
    if source.state != State.COMPLETED or not source.file:
        return _NOT_COMPLETED[verb] % {"status": _STATUSES[source.status]}
    if verb == "extend" and source.total_seconds + min(EXTENSION_SECONDS) > MAX_SECONDS:
        sentence = gettext(
            "This video is %(seconds)d s long. With all its extensions, a video can have at most %(limit)d s."
        )
        return sentence % {"seconds": source.total_seconds, "limit": MAX_SECONDS}
    return _UNABLE[verb] % {"backend": source.backend.name}


def derivation_price(source: Video, seconds: int, offer: Offer | None = None) -> Price | None:
    """Return the price of `seconds` in the source's model and size; None where nobody knows it.

    `offer` says which model and backend make them; by default the source's own.
    """
    return derivation_prices(source, [seconds], offer)[seconds]


def derivation_prices(
    source: Video, lengths: Iterable[int], offer: Offer | None = None
) -> dict[int, Price | None]:
    """Return the price of each length, as `derivation_price` does, by its seconds. One query at most."""
    model = offer.model if offer else VideoModel.objects.filter(name=source.model).first()
    backend = offer.backend if offer else source.backend
    return {seconds: find_price(model, backend, seconds, source.size) for seconds in lengths}


def _capabilities_for(source: Video, prompt: str) -> Capabilities:
    """Return what can be made of the source. Raises `ValidationError` (`prompt`) for an unusable prompt."""
    try:
        validate_prompt(prompt)
    except ValidationError as error:
        raise ValidationError({"prompt": error}) from error
    return capabilities_for(source)


def _queue_derivations(
    owner: User,
    source: Video,
    prompt: str,
    *,
    takes: int,
    kind: Kind,
    seconds: int,
    source_seconds: int = 0,
    offer: Offer | None = None,
    concat_with_source: bool = False,
) -> list[Video]:
    """Queue takes made from `source` by its own backend and model, or by those of the `offer`."""
    roles.require_creator(owner)
    require_room(owner)
    price = price_fields(derivation_price(source, seconds, offer))
    with override(settings.LANGUAGE_CODE):  # what the audit log keeps is English
        note = f"{kind.label} of {source.public_id}"
    with transaction.atomic():
        videos = []
        for take in number_takes(takes):
            # Only a new video can be told parameters: a remix, an edit and an extension of the backend's
            # take none.
            chosen = ChosenParameters({})
            if offer and concat_with_source:
                chosen = continued_parameters(source.parameters, offer, take=take.number, group=take.group)
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
                parameters=chosen.values,
                seed=chosen.seed,
                take=take.number,
                takes=take.of,
                take_group=take.group,
                **price,
            )
            videos.append(video)
        lifecycle.log_created(videos)
        lifecycle.reserve(videos)  # together, as what they cost together needs approval
        for video in videos:
            record(Action.CREATED, subjects.new_video(video), note=note)
            enqueue.send_after_commit("submit", video.backend_id)
    return videos
