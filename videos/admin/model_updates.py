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
from django.utils.translation import gettext, ngettext, override
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from videos.models import Backend
from videos.services.generation_requests import MAX_LISTED_MODELS
from videos.services.model_catalogue import CatalogueChangedError, SyncError, SyncResult, sync_models
from videos.services.model_words import describe_model, format_fact

logger = logging.getLogger(__name__)

MAX_WAIT = 10.0  # seconds for each answer of the service: somebody is waiting for the page
CHANGED_MEANWHILE = _("The models have changed since this was shown. Nothing was done: look at it once more.")
_LABELS = {
    "label": _("Label"),
    "description": _("Description"),
    "sizes": _("Sizes"),
    "seconds": _("Lengths"),
    "price_per_second": _("Price per second"),
    "takes_reference": _("Takes a reference image"),
    "has_sound": _("Sound"),
}


@dataclass(frozen=True)
class ChangedField:
    """A field of a model that follows the service, with its values in words."""

    label: StrOrPromise
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
        return _draw(admin, request, backend, {"problem": f"{gettext('Nothing was changed.')} {error}"})
    if result.does_something:
        with override("en"):  # what is kept is in one language
            words = describe(result)
        logger.info("Models of backend “%s” updated by %s: %s", backend.name, request.user, words)
        LogEntry.objects.log_actions(cast(int, request.user.pk), [backend], CHANGE, change_message=words)
    admin.message_user(request, describe(result), messages.SUCCESS)
    return redirect("admin:videos_backend_change", backend.pk)


def describe(result: SyncResult) -> str:
    """Return in a sentence what was done, with the first names."""
    added, changed = [model.name for model in result.added], list(result.changed)
    parts = [
        words % {"count": len(names), "names": _list_names(names)}
        for words, names in (
            (gettext("%(count)d added (%(names)s)"), added),
            (gettext("%(count)d changed (%(names)s)"), changed),
            (gettext("%(count)d retired (%(names)s)"), result.retired),
        )
        if names
    ]
    if not parts:
        return gettext("The models are up to date.")
    return gettext("Models updated: %(changes)s.") % {"changes": ", ".join(parts)}


def _list_names(names: list[str]) -> str:
    listed, more = ", ".join(names[:MAX_LISTED_MODELS]), len(names) - MAX_LISTED_MODELS
    if more <= 0:
        return listed
    words = ngettext("%(names)s and %(count)d more", "%(names)s and %(count)d more", more)
    return words % {"names": listed, "count": more}


def _draw(
    admin: ModelAdmin[Backend], request: HttpRequest, backend: Backend, context: Mapping[str, Any]
) -> HttpResponse:
    page = {
        **admin.admin_site.each_context(request),
        "title": gettext("Update the models of %(name)s") % {"name": backend.name},
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
