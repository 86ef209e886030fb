"""Connect a backend from the browser: a draft that a worker probes, and the backend that comes of it.

Nothing is saved as a backend, and nothing is submitted, before somebody chose its models and said so.
"""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from django.contrib.admin.models import ADDITION, LogEntry
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop

from accounts.models import User
from audit.trail import record
from audit.vocabulary import Action
from contentgen import encryption
from videos import subjects
from videos.backends.catalogue import CatalogueModel
from videos.backends.connection_kinds import KINDS, ConnectionKind
from videos.backends.probe_report import MAX_NAME_LENGTH
from videos.checks import validate_base_url
from videos.engine import enqueue
from videos.engine.draft_probe import read_models
from videos.key_names import available_key_names
from videos.models import Backend, ConnectionDraft, VideoModel
from videos.models.backend import DEFAULT_MAX_IN_FLIGHT
from videos.services import model_catalogue
from videos.services.backends import make_position
from videos.validation import clean_line

logger = logging.getLogger(__name__)

MAX_KEY_LENGTH = 1000  # characters; the longest known, a signed token, has some 800
FEW = 3  # models that are chosen before anybody chooses
PROBE_ENDS = timedelta(minutes=2)  # after that a probe was cut off: it takes half a minute, 90 s at the worst

GONE = gettext_noop("This test is no longer there: it was saved, or an hour has passed. Test again.")


class DraftGoneError(Exception):
    """The draft is somebody else's, was saved already, or has expired."""


@dataclass(frozen=True)
class ConnectionRequest:
    """What somebody typed. `key` is the key itself, `key_env` a variable that holds it instead.

    With `earlier`, a draft of the same person, an empty key stands for the one that was pasted there.
    """

    kind: ConnectionKind
    base_url: str
    key: str = field(default="", repr=False)
    key_env: str = ""
    earlier: ConnectionDraft | None = None


def may_connect(user: User) -> bool:
    """Whether this person may connect backends."""
    return user.is_staff and user.has_perm("videos.connect_backend")


def available_variables(user: User) -> list[str]:
    """Return the variables from which this person may take a key: those for keys that are set.

    Only superusers may say where a key of the environment goes.
    """
    return available_key_names() if user.is_superuser else []


# --- Testing -----------------------------------------------------------------------------------------------


def start_draft(owner: User, request: ConnectionRequest) -> ConnectionDraft:
    """Have a worker probe what was typed, which costs nothing and saves no backend. Returns the draft.

    It takes the place of this person's earlier draft of the same kind. Raises `ValidationError` by field.
    """
    kind = request.kind
    base_url = (request.base_url.strip() or kind.address).rstrip("/")
    if errors := _find_errors(owner, request, base_url):
        raise ValidationError(errors)
    stored_key = _encrypt_key(request)
    with transaction.atomic():
        ConnectionDraft.objects.filter(owner=owner, kind=kind.slug).delete()
        draft = ConnectionDraft.objects.create(
            owner=owner,
            kind=kind.slug,
            service=kind.service,
            name=suggest_name(kind.label),
            base_url=base_url,
            key_env="" if stored_key else request.key_env,
            stored_key=stored_key,
        )
        enqueue.send_after_commit("probe_draft", draft.pk)
    return draft


def _find_errors(owner: User, request: ConnectionRequest, base_url: str) -> dict[str, ValidationError]:
    """Return what is wrong by field, of what is known without asking the server."""
    errors: dict[str, ValidationError] = {}
    key, has_earlier = request.key.strip(), bool(request.earlier and request.earlier.stored_key)
    if request.key_env and request.key_env not in available_variables(owner):
        errors["key_env"] = ValidationError(gettext("Choose a variable that holds a key."))
    elif request.kind.needs_key and not (key or request.key_env or has_earlier):
        needed = gettext("%(service)s needs a key. Paste it here.")
        errors["key"] = ValidationError(needed % {"service": request.kind.label})
    for name, validate, text in (("base_url", _validate_address, base_url), ("key", validate_key, key)):
        try:
            validate(text)
        except ValidationError as error:
            errors[name] = error
    return errors


def _encrypt_key(request: ConnectionRequest) -> str:
    if key := request.key.strip():
        return encryption.encrypt(key)
    return request.earlier.stored_key if request.earlier and not request.key_env else ""


def _validate_address(url: str) -> None:
    validate_base_url(url, name=gettext("The address"))
    if len(url) > Backend._meta.get_field("base_url").max_length:  # type: ignore[operator]
        raise ValidationError(gettext("The address is too long."))


def validate_key(key: str) -> None:
    """Raise `ValidationError` for what cannot be a key. The sentence never repeats any of it."""
    if len(key) > MAX_KEY_LENGTH:
        too_long = gettext("A key has at most %(limit)s characters. Paste the key alone.")
        raise ValidationError(too_long % {"limit": MAX_KEY_LENGTH})
    if key.lower().startswith("bearer "):
        raise ValidationError(gettext("Paste the key alone, without “Bearer”."))
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise ValidationError(
            gettext("A key has neither spaces nor line breaks nor accents. Paste the key alone.")
        )


def suggest_name(label: str) -> str:
    """Return the label, or with a number where a backend has that name."""
    taken = set(Backend.objects.filter(name__startswith=label).values_list("name", flat=True))
    candidates = [label, *(f"{label} ({number})" for number in range(2, len(taken) + 3))]
    return next(name for name in candidates if name not in taken)


def get_draft(owner: User, draft_id: int) -> ConnectionDraft:
    """Return one's own draft, and see to it that a worker hears of it. Raises `DraftGoneError`."""
    draft = ConnectionDraft.objects.alive().filter(pk=draft_id, owner=owner, kind__in=KINDS).first()
    if draft is None:
        raise DraftGoneError
    if draft.started_at is None:
        enqueue.send("probe_draft", draft.pk)
    if draft.started_at and not draft.finished_at and draft.started_at < timezone.now() - PROBE_ENDS:
        draft.finished_at = timezone.now()
        draft.problem = gettext_noop("The test was cut off before it was over. Test again.")
    return draft


def problem_field(draft: ConnectionDraft) -> str:
    """Return the field at which the problem of a probe belongs."""
    return "key" if draft.checks and draft.checks[-1]["name"] == "key" else "base_url"


def find_same_address(draft: ConnectionDraft) -> list[str]:
    """Return the names of the backends that are connected to this service at this address already."""
    same = Backend.objects.filter(service=draft.service, base_url=draft.base_url)
    return list(same.values_list("name", flat=True))


# --- Choosing models ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class OfferedModel:
    """A model to choose, and the name of the backend that serves it first, if there is one."""

    model: CatalogueModel
    served_by: str = ""

    @property
    def rates(self) -> tuple[Decimal, Decimal] | None:
        """The lowest and the highest price of a second in US dollars; None where no price is told."""
        rates = [Decimal(rate) for rate in self.model.price_per_second.values()]
        return (min(rates), max(rates)) if rates else None


def offered_models(draft: ConnectionDraft) -> list[OfferedModel]:
    """Return what the service offers, in its order."""
    models = read_models(draft)
    serving: dict[str, str] = {}
    for backend in Backend.objects.in_use():
        if not backend.is_free:
            for name in backend.models.values_list("name", flat=True):
                serving.setdefault(name, backend.name)
    return [OfferedModel(model, serving.get(model.name, "")) for model in models]


def choose_for_a_start(draft: ConnectionDraft, models: Sequence[OfferedModel]) -> list[str]:
    """Return the names of a sensible few: all if they are few, else what is known best and costs least.

    Of a server that describes none, those that the catalogue has.
    """
    names = [each.model.name for each in models]
    if len(names) <= FEW:
        return names
    if not KINDS[draft.kind].describes_models:
        known = set(VideoModel.objects.filter(name__in=names).values_list("name", flat=True))
        return [name for name in names if name in known][:FEW]
    priced = [(each.rates[0], each.model.name) for each in models if each.rates and each.model.seconds]
    return [name for _, name in sorted(priced)[:FEW]]


# --- Saving ------------------------------------------------------------------------------------------------


def save_draft(owner: User, draft_id: int, *, name: str, models: Collection[str], more: str = "") -> Backend:
    """Add the backend with the models that were chosen, and forget the draft. Returns the backend.

    `more` names further models, with commas between them, of a server that does not describe its own. Raises
    `DraftGoneError`, or `ValidationError` by field; then nothing was saved.
    """
    name = clean_line(name)
    try:
        backend = _save_draft(owner, draft_id, name, models, more)
    except IntegrityError as error:  # somebody else took the name in this very moment
        if Backend.objects.filter(name=name).exists():
            raise ValidationError({"name": _taken(name)}) from error
        raise
    logger.warning("Backend “%s”: connected at %s, by %s", backend.name, backend.base_url, owner)
    return backend


def _save_draft(owner: User, draft_id: int, name: str, models: Collection[str], more: str) -> Backend:
    with transaction.atomic():
        drafts = ConnectionDraft.objects.alive().select_for_update()
        draft = drafts.filter(pk=draft_id, owner=owner).first()
        if draft is None or not draft.is_tested:
            raise DraftGoneError
        backend = _build_backend(draft, name)
        described, names = _validate_models(draft, models, more)
        backend.models_synced_at = draft.finished_at if described else None
        backend.save()
        model_catalogue.add_models(backend, described)
        for each in names:
            model_catalogue.add_undescribed_model(backend, each)
        draft.delete()
        record(Action.CREATED, subjects.backend(backend), note=f"Connected at {backend.base_url}", by=owner)
        LogEntry.objects.log_actions(
            owner.pk, [backend], ADDITION, change_message=f"Connected at {backend.base_url}."
        )
    return backend


def _taken(name: str) -> str:
    return gettext("There is a backend “%(name)s” already. Choose another name.") % {"name": name}


def _build_backend(draft: ConnectionDraft, name: str) -> Backend:
    backend = draft.build_backend()
    backend.name, backend.position = name, make_position(first=False)
    backend.probed_at, backend.in_private_network = draft.finished_at, draft.in_private_network
    backend.probe_checks, backend.probe_tried_at = draft.checks, draft.finished_at
    backend.max_in_flight = draft.max_in_flight or DEFAULT_MAX_IN_FLIGHT
    for capability, can in draft.capabilities.items():
        setattr(backend, capability, can)
    try:
        backend.full_clean()
    except ValidationError as error:
        sentences = error.message_dict
        if Backend.objects.filter(name=name).exists():
            sentences["name"] = [_taken(name)]
        raise ValidationError(sentences) from error
    return backend


def _validate_models(
    draft: ConnectionDraft, chosen: Collection[str], more: str
) -> tuple[list[CatalogueModel], list[str]]:
    """Return the described and the other models that were chosen."""
    offered = {model.name: model for model in read_models(draft)}
    if unknown := [name for name in chosen if name not in offered]:
        missing = gettext("The service does not offer %(model)s. Test again.")
        raise ValidationError({"models": missing % {"model": unknown[0][:100]}})
    picked = [model for name, model in offered.items() if name in set(chosen)]
    if KINDS[draft.kind].describes_models:
        if not picked:
            raise ValidationError({"models": gettext("Choose at least one model.")})
        return picked, []
    further = [clean_line(name) for name in more.split(",") if clean_line(name)]
    if any(len(name) > MAX_NAME_LENGTH for name in further):
        too_long = gettext("The name of a model has at most %(limit)s characters.")
        raise ValidationError({"more": too_long % {"limit": MAX_NAME_LENGTH}})
    names = list(dict.fromkeys([model.name for model in picked] + further))
    if not names:
        field = "models" if offered else "more"
        none = gettext("Name at least one model that the server makes videos with.")
        raise ValidationError({field: none})
    return [], names
