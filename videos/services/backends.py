"""Connecting a server: look at it, keep what was found out, and say which models it serves."""

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Max
from django.utils import timezone

from videos.backends.client import probe as look_at
from videos.backends.probe_report import ProbeReport
from videos.checks import fault_in_address
from videos.engine import clients
from videos.models import Backend, VideoModel

logger = logging.getLogger(__name__)

# What a model takes of which nothing is known: the protocol's own sizes and lengths.
SIZES = ["1280x720", "720x1280", "1024x1792", "1792x1024"]
SECONDS = [4, 8, 12]
_SHOWN = 12  # names in one sentence


class ConnectionFailedError(Exception):
    """The backend was not added. The message says why and what to do."""


@dataclass(frozen=True)
class ConnectionResult:
    """An added backend, what its server was found to do, and the names that were new to the catalogue."""

    backend: Backend
    findings: ProbeReport
    models: list[str]
    new_models: list[str]


def probe_backend(backend: Backend) -> ProbeReport:
    """Look at the backend, without starting a job, and keep what is now known of its capabilities.

    What the look could not tell stays as it was, because staff may know better.
    """
    findings = look_at(clients.connection_for(backend))
    if not findings.problem:
        known = {name: can for name, can in findings.capabilities.items() if can is not None}
        Backend.objects.filter(pk=backend.pk).update(probed_at=timezone.now(), **known)
    return findings


def probe_new_backend(backend_id: int) -> None:
    """Probe a backend that nobody has looked at yet: the one that the settings name, or one of the admin's.

    So its buttons are there without anybody knowing of `probe_backend`. One that cannot be used now is
    looked at again some other time.
    """
    backend = Backend.objects.filter(pk=backend_id, probed_at=None).first()
    if backend is not None and (findings := probe_backend(backend)).problem:
        logger.warning("%s could not be probed: %s", backend, findings.problem)


def connect_backend(
    name: str, url: str, *, key_env: str = "", first: bool = False, models: Sequence[str] = ()
) -> ConnectionResult:
    """Add a backend that works, enabled, with its models; raises `ConnectionFailedError` and then adds
    nothing.

    `first` puts it before the others. Without `models` it is those that the server names and the catalogue
    has, or the server's only one. A model that the catalogue does not have is added to it, with the
    protocol's sizes and lengths and without a price.
    """
    backend = Backend(name=name, base_url=url.rstrip("/"), key_env=key_env)
    _check(backend)
    findings = look_at(clients.connection_for(backend))
    if findings.problem:
        raise ConnectionFailedError(findings.problem)
    wanted = list(dict.fromkeys(models)) or _its_models(findings)
    for capability, can in findings.capabilities.items():
        setattr(backend, capability, can)
    backend.probed_at = timezone.now()
    with transaction.atomic():
        backend.position = _place(first=first)
        backend.save()
        new = [model for model in wanted if _link(backend, model)]
    return ConnectionResult(backend, findings, wanted, new)


def _check(backend: Backend) -> None:
    if fault := fault_in_address(backend.base_url):
        raise ConnectionFailedError(f"The base URL {fault}.")
    try:
        backend.full_clean()
    except ValidationError as error:
        raise ConnectionFailedError(" ".join(error.messages)) from error
    if backend.key_env and not os.environ.get(backend.key_env):
        raise ConnectionFailedError(
            f"{backend.key_env} is not set. Put {backend.key_env}=… into .env, then try again."
        )


def _its_models(findings: ProbeReport) -> list[str]:
    named = findings.models or ()
    if not named:
        raise ConnectionFailedError(
            "The server does not name its models. Say which it has with --models NAME,NAME."
        )
    known = set(VideoModel.objects.filter(name__in=named).values_list("name", flat=True))
    chosen = [name for name in named if name in known] or (list(named) if len(named) == 1 else [])
    if not chosen:
        listed = ", ".join(named[:_SHOWN]) + (" …" if len(named) > _SHOWN else "")
        raise ConnectionFailedError(
            f"The server names {len(named)} models, none of them in the catalogue: {listed}. Say which of "
            "them make videos with --models NAME,NAME."
        )
    return chosen


def _place(*, first: bool) -> int:
    if first:
        Backend.objects.update(position=F("position") + 1)
        return 0
    last: int | None = Backend.objects.aggregate(last=Max("position"))["last"]
    return 0 if last is None else last + 1


def _link(backend: Backend, name: str) -> bool:
    """Let the backend serve the model `name`. Returns whether the catalogue did not have it."""
    fields = {"label": name, "sizes": SIZES, "seconds": SECONDS, "position": VideoModel.objects.count()}
    model, made = VideoModel.objects.get_or_create(name=name, defaults=fields)
    model.backends.add(backend)
    return made
