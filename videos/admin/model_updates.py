"""A page in the admin that brings a backend's models up to date: what it shows is what it does."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from videos.models import Backend
from videos.services.generation_requests import MAX_LISTED_MODELS
from videos.services.model_catalogue import CatalogueChangedError, SyncError, SyncResult, sync_models
from videos.services.model_words import describe_model, format_fact

logger = logging.getLogger(__name__)

MAX_WAIT = 10.0  # seconds for each answer of the service: somebody is waiting for the page
CHANGED_MEANWHILE = "The models have changed since this was shown. Nothing was done: look at it once more."
_LABELS = {
    "label": "Label",
    "description": "Description",
    "sizes": "Sizes",
    "seconds": "Lengths",
    "price_per_second": "Price per second",
    "takes_reference": "Takes a reference image",
    "has_sound": "Sound",
}


@dataclass(frozen=True)
class ChangedField:
    """A field of a model that follows the service, with its values in words."""

    label: str
    old: str
    new: str


def update_models(admin: ModelAdmin[Backend], request: HttpRequest, object_id: str) -> HttpResponse:
    """Show what would change; a POST does it, as long as it is what was shown. Raises `PermissionDenied`.

    It takes the permission to change backends, as the list of a backend's models does, and that to change
    models; that to add some, too, for those that the backend does not serve yet.
    """
    backend = admin.get_object(request, object_id)
    if backend is None:
        raise Http404
    may_change_models = request.user.has_perm("videos.change_videomodel")
    if not (may_change_models and admin.has_change_permission(request, backend)):
        raise PermissionDenied
    if request.method == "POST":
        return _apply(admin, request, backend)
    return _preview(admin, request, backend)


def _preview(
    admin: ModelAdmin[Backend], request: HttpRequest, backend: Backend, chosen: tuple[str, ...] = ()
) -> HttpResponse:
    try:
        result = sync_models(backend, dry_run=True, timeout=MAX_WAIT)
    except SyncError as error:
        return _draw(admin, request, backend, {"problem": str(error)})
    return _draw(admin, request, backend, _context(result, chosen))


def _apply(admin: ModelAdmin[Backend], request: HttpRequest, backend: Backend) -> HttpResponse:
    may_add = request.user.has_perm("videos.add_videomodel")
    add = tuple(request.POST.getlist("add")) if may_add else ()
    try:
        result = sync_models(backend, add=add, timeout=MAX_WAIT, expected=request.POST.get("digest", ""))
    except CatalogueChangedError:
        admin.message_user(request, CHANGED_MEANWHILE, messages.WARNING)
        return _preview(admin, request, backend, add)
    except SyncError as error:
        return _draw(admin, request, backend, {"problem": f"Nothing was changed. {error}"})
    words = describe(result)
    if result.does_something:
        logger.info("Models of backend “%s” updated by %s: %s", backend.name, request.user, words)
        LogEntry.objects.log_actions(cast(int, request.user.pk), [backend], CHANGE, change_message=words)
    admin.message_user(request, words, messages.SUCCESS)
    return redirect("admin:videos_backend_change", backend.pk)


def describe(result: SyncResult) -> str:
    """Return in a sentence what was done, with the first names."""
    parts = [
        f"{len(names)} {verb} ({_list_names(names)})"
        for verb, names in (
            ("added", [model.name for model in result.added]),
            ("changed", list(result.changed)),
            ("retired", result.retired),
        )
        if names
    ]
    return f"Models updated: {', '.join(parts)}." if parts else "The models are up to date."


def _list_names(names: list[str]) -> str:
    more = len(names) - MAX_LISTED_MODELS
    return ", ".join(names[:MAX_LISTED_MODELS]) + (f" and {more} more" if more > 0 else "")


def _draw(
    admin: ModelAdmin[Backend], request: HttpRequest, backend: Backend, context: Mapping[str, Any]
) -> HttpResponse:
    page = {
        **admin.admin_site.each_context(request),
        "title": f"Update the models of {backend.name}",
        "opts": admin.opts,
        "backend": backend,
        "may_add": request.user.has_perm("videos.add_videomodel"),
        **context,
    }
    return TemplateResponse(request, "admin/videos/backend/models.html", page)


def _context(result: SyncResult, chosen: tuple[str, ...]) -> dict[str, Any]:
    changed = [(name, list(_changed_fields(fields))) for name, fields in result.changed.items()]
    kept = [(name, [_LABELS.get(each, each) for each in fields]) for name, fields in result.kept.items()]
    offered = [(model, describe_model(model), model.name in chosen) for model in result.offered]
    return {"result": result, "changed": changed, "kept": kept, "offered": offered}


def _changed_fields(fields: Mapping[str, tuple[Any, Any]]) -> Iterator[ChangedField]:
    for name, (old, new) in fields.items():
        yield ChangedField(_LABELS.get(name, name), format_fact(old), format_fact(new))
