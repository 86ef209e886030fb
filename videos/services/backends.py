"""Connect a backend: probe it, keep what was found, and choose the models it serves."""

import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Max
from django.utils import timezone

from audit.trail import record
from audit.vocabulary import Action
from videos import subjects
from videos.backends.catalogue import CatalogueModel
from videos.backends.probe_report import ProbeReport
from videos.backends.service_kinds import SERVICES
from videos.checks import validate_base_url, validate_key_name
from videos.engine import clients, draft_probe
from videos.models import Backend, VideoModel
from videos.models.backend import DEFAULT_MAX_IN_FLIGHT, DEFAULT_SERVICE
from videos.services import model_catalogue

logger = logging.getLogger(__name__)

_STUDIO = "the studio itself"
_MAX_LISTED = 12  # model names in one sentence


class ConnectionFailedError(Exception):
    """The backend was not added. The message says why and what to do."""


@dataclass(frozen=True)
class ConnectionResult:
    """An added backend, its probe's report, the models it serves, and those new in the catalogue."""

    backend: Backend
    report: ProbeReport
    models: list[str]
    new_models: list[str]


def probe_backend(backend: Backend, *, by: str) -> ProbeReport:
    """Probe the backend, without starting a job, and store the capabilities that were found.

    A capability that the probe could not determine stays as it was, because staff may know better. So does
    whether the backend is inside a private network, once that is known. A backend that is this studio itself
    is switched off. `by` is who asked, for the log.
    """
    report = _probe(backend, by=by)
    _keep_checks(backend.pk, report)
    if by != _STUDIO:  # which probes one that is away again and again
        record(Action.PROBED, subjects.backend(backend), note=f"At {backend.address}, by {by}.")
    if report.leads_back:
        Backend.objects.filter(pk=backend.pk).update(enabled=False)
    if not report.problem:
        _keep_capabilities(backend.pk, report)
        found = Backend.objects.filter(pk=backend.pk)
        if backend.probed_at is None and backend.from_environment and report.max_in_flight:
            # Nobody has been asked yet how many jobs it takes.
            unchanged = found.filter(max_in_flight=DEFAULT_MAX_IN_FLIGHT)
            unchanged.update(max_in_flight=report.max_in_flight)
        found.filter(in_private_network=None).update(in_private_network=report.in_private_network)
    return report


def _keep_checks(pk: int, report: ProbeReport) -> None:
    """Keep what was checked, for the backend's page."""
    Backend.objects.filter(pk=pk).update(
        probe_tried_at=timezone.now(),
        probe_checks=draft_probe.check_rows(report.checks),
        probe_problem=draft_probe.problem_line(report),
    )


def _keep_capabilities(pk: int, report: ProbeReport) -> None:
    """Take over the capabilities that were found, with the row locked: staff may be editing theirs."""
    with transaction.atomic():
        row = Backend.objects.select_for_update().get(pk=pk)
        changed = row.note_found({str(name): can for name, can in report.capabilities.items()})
        row.probed_at = timezone.now()
        row.save(update_fields=["probed_at", *changed])


def set_capabilities(backend: Backend, chosen: Mapping[str, bool | None]) -> None:
    """Set capabilities by hand, whatever a probe finds; with None leave one to what probes find.

    The row is locked, so that neither a probe nor another person's change is lost.
    """
    with transaction.atomic():
        row = Backend.objects.select_for_update().get(pk=backend.pk)
        for name, value in chosen.items():
            row.set_capability(name, value)
        row.save(update_fields=["capabilities_set", "capabilities_found", *chosen])


def _probe(backend: Backend, *, by: str) -> ProbeReport:
    """Probe, and log who had what address probed."""
    logger.info("Backend “%s” is probed at %s, by %s", backend.name, backend.address, by)
    return clients.probe(backend)


def confirm_key(backend: Backend, *, by: str) -> None:
    """Let the backend's key be sent to the address that it has now. `by` is the superuser who said so.

    Only as `backend` was loaded: what was changed meanwhile has not been seen. A pause for want of it ends.
    """
    seen = Backend.objects.filter(
        pk=backend.pk, key_env=backend.key_env, stored_key=backend.stored_key, base_url=backend.base_url
    )
    with transaction.atomic():
        confirmed = seen.update(key_confirmed_for=backend.key_destination)
        seen.filter(paused_by="").update(paused_until=None, paused_since=None, pause_reason="")
        if confirmed:
            note = f"{backend.key_label} for {backend.base_url}"
            record(Action.KEY_CONFIRMED, subjects.backend(backend), note=note)
    if confirmed:
        backend.key_confirmed_for = backend.key_destination
        logger.warning(
            "Backend “%s”: %s is confirmed for %s, by %s",
            backend.name,
            backend.key_label,
            backend.base_url,
            by,
        )


def probe_unprobed_backend(backend_id: int) -> None:
    """Probe a backend that has never been probed: the one from the settings, or one added in the admin.

    So what it can do is offered without anybody running `probe_backend`. A backend that cannot be used stays
    unprobed, so it is tried again later.
    """
    backend = Backend.objects.filter(pk=backend_id, probed_at=None).first()
    if backend is not None and (report := probe_backend(backend, by=_STUDIO)).problem:
        logger.warning("%s could not be probed: %s", backend, report.problem)


def leads_back(url: str) -> bool:
    """Whether the server at `url` is this studio itself, by whatever name. Takes a few seconds at most."""
    return clients.probe(Backend(base_url=url), timeout=3).leads_back


def connect_backend(
    name: str,
    url: str = "",
    *,
    service: str = DEFAULT_SERVICE,
    key_env: str = "",
    first: bool = False,
    models: Sequence[str] = (),
    max_in_flight: int | None = None,
    generation_timeout: int | None = None,
) -> ConnectionResult:
    """Add a backend that works, enabled, with the models it serves.

    `service` is a name in `SERVICES`, of which address and variable with the key are the defaults. `first`
    puts it before the others. Without `models`, it serves those that the server names and the catalogue has,
    or the server's only one; of a service that describes its models all, if they are few. A model that the
    catalogue does not have is added to it as the service describes it, else with the protocol's sizes and
    lengths and without a price. `max_in_flight` is what the probe suggests, and `generation_timeout` that of
    the settings, unless they are given. Raises `ConnectionFailedError`, and then nothing was added.
    """
    backend = Backend(
        name=name,
        service=service,
        base_url=(url or _default_address(service)).rstrip("/"),
        key_env=key_env or SERVICES[service].key_env,
        max_in_flight=max_in_flight or DEFAULT_MAX_IN_FLIGHT,
        generation_timeout=generation_timeout,
    )
    backend.key_confirmed_for = backend.key_destination  # by whoever has a shell here
    _validate_backend(backend)
    report = _probe(backend, by="add_backend")
    if report.problem:
        raise ConnectionFailedError(report.problem)
    wanted = list(dict.fromkeys(models))
    chosen = _choose_described(report, wanted) if SERVICES[service].describes_models else None
    names = [model.name for model in chosen] if chosen is not None else wanted or _choose_models(report)
    for capability, can in report.capabilities.items():
        setattr(backend, capability, can)
    backend.probed_at, backend.in_private_network = timezone.now(), report.in_private_network
    backend.probe_tried_at, backend.probe_checks = backend.probed_at, draft_probe.check_rows(report.checks)
    backend.models_synced_at = None if chosen is None else backend.probed_at
    if max_in_flight is None and report.max_in_flight:
        backend.max_in_flight = report.max_in_flight
    with transaction.atomic():
        backend.position = make_position(first=first)
        backend.save()
        new = (
            [name for name in names if model_catalogue.add_undescribed_model(backend, name)]
            if chosen is None
            else model_catalogue.add_models(backend, chosen)
        )
        record(Action.CREATED, subjects.backend(backend), note=f"At {backend.base_url}")
    return ConnectionResult(backend, report, names, new)


def _default_address(service: str) -> str:
    address = settings.SIMULATOR_URL if service == "simulator" else SERVICES[service].address
    if not address:
        raise ConnectionFailedError("Say where the server is: its base URL, which most often ends in /v1.")
    return str(address)


def _choose_described(report: ProbeReport, wanted: Sequence[str]) -> list[CatalogueModel]:
    """Return the models to serve of a service that describes them."""
    offered = {model.name: model for model in report.catalogue}
    listed = _list_names(list(offered))
    if missing := [name for name in wanted if name not in offered and name != model_catalogue.ALL]:
        raise ConnectionFailedError(f"The service does not offer {', '.join(missing)}. It offers {listed}.")
    if wanted and model_catalogue.ALL not in wanted:
        return [offered[name] for name in wanted]
    if not offered:
        raise ConnectionFailedError("The service offers no model that makes videos to this key.")
    if len(offered) > _MAX_LISTED and not wanted:
        raise ConnectionFailedError(
            f"The service offers {len(offered)} models: {listed}. Choose with --models NAME,NAME, or take"
            " every one with --models all."
        )
    return list(offered.values())


def _list_names(names: Sequence[str]) -> str:
    return ", ".join(names[:_MAX_LISTED]) + (" …" if len(names) > _MAX_LISTED else "")


def _validate_backend(backend: Backend) -> None:
    """Raise `ConnectionFailedError` for what is wrong without asking the server."""
    try:
        validate_base_url(backend.base_url, name="The base URL")
        backend.full_clean()
        validate_key_name(backend.key_env)
    except ValidationError as error:
        raise ConnectionFailedError(" ".join(error.messages)) from error
    if backend.key_env and not os.environ.get(backend.key_env):
        raise ConnectionFailedError(
            f"{backend.key_env} is not set. Put {backend.key_env}=… into .env, then try again."
        )


def _choose_models(report: ProbeReport) -> list[str]:
    named = report.models or ()
    if not named:
        raise ConnectionFailedError(
            "The server does not name its models. List those it serves with --models NAME,NAME."
        )
    known = set(VideoModel.objects.filter(name__in=named).values_list("name", flat=True))
    chosen = [name for name in named if name in known] or (list(named) if len(named) == 1 else [])
    if not chosen:
        raise ConnectionFailedError(
            f"The server names {len(named)} models, none of them in the catalogue: {_list_names(named)}."
            " List those that make videos with --models NAME,NAME."
        )
    return chosen


def make_position(*, first: bool) -> int:
    """Return the position of a new backend: behind the others, or before them, which then make room."""
    if first:
        Backend.objects.update(position=F("position") + 1)
        return 0
    last: int | None = Backend.objects.aggregate(last=Max("position"))["last"]
    return 0 if last is None else last + 1
