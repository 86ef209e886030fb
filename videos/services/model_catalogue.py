"""The catalogue as a service describes it: taking its models over, and keeping them up to date.

What an operator has set by hand stays. A model remembers what the service said of each field, so a field with
another value was set by hand.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext, override

from accounts.formats import format_number
from audit.trail import Subject, record, record_all
from audit.vocabulary import Action, Kind
from contentgen.stored_texts import translated
from videos.backends.catalogue import CatalogueModel
from videos.backends.errors import BackendError
from videos.engine import clients
from videos.engine.bulkhead import ShareExhaustedError
from videos.models import Backend, VideoModel
from videos.parameters import declaration_of
from videos.services.catalogue_checks import CheckedCatalogue, TooManyModelsError, check_catalogue
from videos.services.generation_requests import MAX_LISTED_MODELS
from videos.services.model_words import format_fact

# What is assumed of a model of which nothing is known: the protocol's own sizes and lengths.
DEFAULT_SIZES = ["1280x720", "720x1280", "1024x1792", "1792x1024"]
DEFAULT_LENGTHS = [4, 8, 12]  # seconds

ALL = "all"  # instead of the names of models


class SyncError(Exception):
    """The models could not be brought up to date, and nothing was changed. The message says why."""


class CatalogueChangedError(SyncError):
    """What would change is something else than was shown, so nothing was changed. `result` is what would."""

    def __init__(self, result: "SyncResult") -> None:
        super().__init__(gettext("The models have changed since this was shown."))
        self.result = result


@dataclass
class SyncResult:
    """What bringing the models up to date did, or would do.

    `changed` has the fields that follow the service, each with its old and new value, by model; `kept` the
    fields that differ from it because they were set by hand. `offered` are models that the backend does not
    serve yet. `left_out` says in sentences what of the catalogue cannot be used.
    """

    added: list[CatalogueModel] = field(default_factory=list)
    changed: dict[str, dict[str, tuple[Any, Any]]] = field(default_factory=dict)
    kept: dict[str, list[str]] = field(default_factory=dict)
    retired: list[str] = field(default_factory=list)
    offered: list[CatalogueModel] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    @property
    def digest(self) -> str:
        """A short text that differs whenever something else would be changed, or could be added."""
        models = sorted([*self.added, *self.offered], key=lambda model: model.name)
        parts = [[asdict(model) for model in models], self.changed, self.kept, sorted(self.retired)]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    @property
    def does_something(self) -> bool:
        return bool(self.added or self.changed or self.retired)


def sync_models(
    backend: Backend,
    *,
    add: Collection[str] = (),
    dry_run: bool = False,
    timeout: float | None = None,
    expected: str | None = None,
) -> SyncResult:
    """Bring the models that `backend` serves up to date with its service's catalogue.

    `add` names models to serve from now on; `ALL` stands for every one. A model that the service no longer
    offers is served no longer; its videos stay. With `dry_run` nothing is changed. `timeout` is in seconds,
    for each answer. `expected` is the digest of what somebody was shown: then that is done or nothing. Raises
    `SyncError`; `CatalogueChangedError` where it is not what is expected.
    """
    checked = _read_catalogue(backend, timeout)
    missing = sorted(set(add) - {ALL} - {model.name for model in checked.models})
    if missing:
        unknown = gettext("%(backend)s does not offer %(models)s.")
        raise SyncError(unknown % {"backend": backend.name, "models": _list_names(missing)})
    with transaction.atomic():
        result = _sync(backend, checked.models, add)
        result.left_out = checked.left_out
        if expected is not None and result.digest != expected:
            raise CatalogueChangedError(result)
        Backend.objects.filter(pk=backend.pk).update(models_synced_at=timezone.now())
        _record(backend, result)
        transaction.set_rollback(dry_run)
    return result


def _record(backend: Backend, result: SyncResult) -> None:
    """Write down what the update did to each model; a dry run is rolled back with its entries."""
    names = [*(described.name for described in result.added), *result.changed, *result.retired]
    ids = dict(VideoModel.objects.filter(name__in=names).values_list("name", "pk"))
    for described in result.added:
        record(Action.CREATED, _subject(described.name, ids), note=f"Served by {backend.name}")
    for name, fields in result.changed.items():
        with override(settings.LANGUAGE_CODE):  # what the audit log keeps is English
            words = {each: (format_fact(old), format_fact(new)) for each, (old, new) in fields.items()}
        record(Action.CHANGED, _subject(name, ids), changes=words, note=f"As {backend.name} says")
    retired = [_subject(name, ids) for name in result.retired]
    record_all(Action.DELETED, retired, note=f"{backend.name} no longer offers it")


def _subject(name: str, ids: Mapping[str, int]) -> Subject:
    return Subject(Kind.MODEL, ids.get(name, ""), name)


def add_models(backend: Backend, models: Iterable[CatalogueModel]) -> list[str]:
    """Let `backend` serve the models, as its service describes them. Returns those new in the catalogue."""
    return [model.name for model in check_catalogue(models).models if _add_model(backend, model)]


def add_undescribed_model(backend: Backend, name: str) -> bool:
    """Let `backend` serve the model `name`, of which nothing is known. Returns whether it is new."""
    return _add_model(backend, CatalogueModel(name, name), is_described=False)


def _read_catalogue(backend: Backend, timeout: float | None) -> CheckedCatalogue:
    try:
        with clients.client_for(backend, timeout=timeout) as client:
            checked = check_catalogue(client.catalogue())
    except BackendError as error:
        raise SyncError(translated(error.message)) from error
    except TooManyModelsError as error:
        raise SyncError(str(error)) from error
    except ShareExhaustedError as error:
        raise SyncError(gettext("The studio is busy with this backend. Try again in a minute.")) from error
    if not checked.models:  # a fault of the service rather than the end of all its models
        none = gettext("%(backend)s offers no model that makes videos.") % {"backend": backend.name}
        raise SyncError(" ".join([none, *checked.left_out]))
    return checked


def _list_names(names: Sequence[str]) -> str:
    more = len(names) - MAX_LISTED_MODELS
    listed = ", ".join(name[:100] for name in names[:MAX_LISTED_MODELS])
    if more <= 0:
        return listed
    return gettext("%(names)s and %(number)s more") % {"names": listed, "number": format_number(more)}


def _sync(backend: Backend, catalogue: Sequence[CatalogueModel], add: Collection[str]) -> SyncResult:
    result = SyncResult()
    served = {model.name: model for model in backend.models.select_for_update()}
    for described in catalogue:
        if model := served.get(described.name):
            _update(model, backend, described, result)
        elif ALL in add or described.name in add:
            _add_model(backend, described)
            result.added.append(described)
        else:
            result.offered.append(described)
    offered = {described.name for described in catalogue}
    for name, model in served.items():
        if name not in offered and model.described_by_id == backend.pk:
            model.backends.remove(backend)
            result.retired.append(name)
    return result


def _update(model: VideoModel, backend: Backend, described: CatalogueModel, result: SyncResult) -> None:
    told = _told_fields(described)
    differing = {name: value for name, value in told.items() if getattr(model, name) != value}
    follows = model.described_by_id == backend.pk
    free = {
        name
        for name in differing
        if follows
        and name not in model.kept_fields
        and getattr(model, name) == model.description_used.get(name)
    }
    if free:
        result.changed[model.name] = {name: (getattr(model, name), told[name]) for name in sorted(free)}
    if kept := sorted(set(differing) - free):
        result.kept[model.name] = kept
    for name in free:
        setattr(model, name, told[name])
    if follows:
        model.description_used, model.described_at = told, timezone.now()
        model.save(update_fields=[*free, "description_used", "described_at"])


def _add_model(backend: Backend, described: CatalogueModel, *, is_described: bool = True) -> bool:
    told = _told_fields(described) if is_described else {"label": described.label}
    defaults = {"sizes": DEFAULT_SIZES, "seconds": DEFAULT_LENGTHS, "position": VideoModel.objects.count()}
    if is_described:
        defaults |= {"described_by": backend, "description_used": told, "described_at": timezone.now()}
    model, is_new = VideoModel.objects.get_or_create(name=described.name, defaults={**defaults, **told})
    model.backends.add(backend)
    return is_new


def _told_fields(described: CatalogueModel) -> dict[str, Any]:
    """The fields of a model that the service says something about."""
    fields = {
        "label": described.label,
        "description": described.description,
        "sizes": list(described.sizes),
        "seconds": list(described.seconds),
        "price_per_second": dict(described.price_per_second),
        "takes_reference": described.takes_reference,
        "takes_last_frame": described.takes_last_frame,
        "max_references": described.max_references,
        "parameters": [declaration_of(parameter) for parameter in described.parameters],
        "has_sound": described.has_sound,
    }
    return {name: value for name, value in fields.items() if value not in ("", [], {}, None)}
