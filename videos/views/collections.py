"""Collections: the list of those that one sees, the page of each, and creating, editing and deleting them."""

from dataclasses import dataclass

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.text import slugify
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from videos.forms.collections import CollectionForm
from videos.models import Collection
from videos.models.collection import CollectionQuerySet
from videos.models.keyset import KeysetOrder, take_page
from videos.services.collection_overviews import CollectionOverview, overviews
from videos.services.collections import (
    create_collection,
    delete_collection,
    restore_collection,
    rights_in,
    save_changes,
    videos_of,
)
from videos.services.retention import RETENTION_FIELDS, Concerned, concerned_by
from videos.services.share_links import may_link_to
from videos.validation import is_public_id
from videos.views.access import Request, get_collection, search_query
from videos.views.library import render_search
from videos.views.search import Search
from videos.views.zip_export import zip_response

PAGE_SIZE = 24  # collections
MAX_DELETED = 10  # deleted ones that the list offers to restore
WHOSE = {
    "": gettext_lazy("All"),
    "own": gettext_lazy("Mine"),
    "shared": gettext_lazy("Shared with me"),
    "team": gettext_lazy("Team"),
}


@dataclass(frozen=True)
class CollectionPage:
    """One page of the list. The cursor is the id to go on from, empty where there is nothing more."""

    collections: list[CollectionOverview]
    next_cursor: str = ""


@require_safe
@vary_on_headers("HX-Request")
def collections(request: Request) -> HttpResponse:
    """List the collections that one sees, newest first; `?whose=` keeps some, `?q=` searches them."""
    query, whose = search_query(request), request.GET.get("whose", "")
    context = {
        "page": _page(request, _by_whose(request, whose).search(query)),
        "q": query,
        "whose": whose if whose in WHOSE else "",
        "tabs": WHOSE,
    }
    if request.htmx:
        return render(request, "videos/_collection_list.html", context)
    deleted = Collection.objects.filter(owner=request.user, deleted_at__isnull=False)
    context["deleted"] = deleted.order_by("-deleted_at")[:MAX_DELETED]
    return render(request, "videos/collections.html", context)


@require_safe
def collection(request: Request, public_id: str) -> HttpResponse:
    """Show the collection's videos, with the library's search and filters."""
    shown = get_collection(request, public_id)
    search = Search.from_query({**request.GET.dict(), "collection": shown.public_id})
    context = {
        "collection": shown,
        "rights": rights_in(shown, request.user),
        "can_link": may_link_to(request.user, shown),
    }
    return render_search(request, search, "videos/collection.html", context)


@require_safe
def download(request: Request, public_id: str) -> HttpResponseBase:
    """Send all files of the collection as one ZIP."""
    shown = get_collection(request, public_id)
    videos = list(videos_of(shown).exclude(file="").select_related("backend"))
    if not videos:
        messages.info(request, gettext("None of the videos has a file yet."))
        return redirect(shown)
    return zip_response(videos, request.user, slugify(shown.name) or "collection")


@require_http_methods(["GET", "HEAD", "POST"])
def create(request: Request) -> HttpResponse:
    if request.method != "POST":
        return _draw_form(request, CollectionForm(person=request.user))
    form = CollectionForm(request.POST, person=request.user)
    if form.is_valid():
        try:
            made = create_collection(request.user, form.save(commit=False))
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, gettext("Collection “%(name)s” created.") % {"name": made.name})
            return redirect(made)
    return _draw_form(request, form, status=422)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: Request, public_id: str) -> HttpResponse:
    """Change what the collection is called and begins with; its owner also who sees it and how long its
    videos are kept. A rule that concerns videos now is saved once the page has said how many.
    """
    shown = get_collection(request, public_id)
    rights = rights_in(shown, request.user)
    if not rights.can_edit:
        raise Http404
    data = request.POST if request.method == "POST" else None
    form = CollectionForm(data, instance=shown, person=request.user, manages=rights.can_manage)
    if not form.is_valid():
        return _draw_form(request, form, status=200 if data is None else 422)
    if concerned := _unconfirmed_rule(request, form):
        return _draw_form(request, form, concerned=concerned)
    save_changes(form.instance, form.fields)
    messages.success(request, gettext("Collection “%(name)s” saved.") % {"name": form.instance.name})
    return redirect(form.instance)


@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: Request, public_id: str) -> HttpResponse:
    """Ask first; a POST deletes the collection. Its videos stay."""
    shown = get_managed(request, public_id)
    if request.method != "POST":
        return render(request, "videos/collection_delete_confirm.html", {"collection": shown})
    delete_collection(shown)
    messages.success(
        request,
        gettext("Collection “%(name)s” deleted. Its videos are still in the library.") % {"name": shown.name},
    )
    return redirect("videos:collections")


@require_POST
def restore(request: Request, public_id: str) -> HttpResponse:
    """Bring back a collection of one's own that was deleted."""
    deleted = Collection.objects.filter(owner=request.user, deleted_at__isnull=False)
    shown = get_object_or_404(deleted, public_id=public_id)
    restore_collection(shown)
    messages.success(request, gettext("Collection “%(name)s” restored.") % {"name": shown.name})
    return redirect(shown)


def get_managed(request: Request, public_id: str) -> Collection:
    """Return a collection whose people one decides about. Raises `Http404` for any other."""
    shown = get_collection(request, public_id)
    if not rights_in(shown, request.user).can_manage:
        raise Http404
    return shown


def _unconfirmed_rule(request: Request, form: CollectionForm) -> Concerned | None:
    """Return what a changed rule would move, unless nothing, or the page has said so already."""
    days: int | None = form.cleaned_data.get("retention_days")
    if not days or not set(RETENTION_FIELDS) & set(form.changed_data):
        return None
    concerned = concerned_by(form.instance, days)
    if request.POST.get("agreed_rule") == concerned.rule:
        return None
    return concerned if concerned.old else None


def _draw_form(
    request: Request, form: CollectionForm, status: int = 200, concerned: Concerned | None = None
) -> HttpResponse:
    context = {
        "form": form,
        "concerned": concerned,
        "retention_days": settings.RETENTION_DAYS,
        "warning_days": settings.RETENTION_WARNING_DAYS,
        "trash_days": settings.TRASH_RETENTION_DAYS,
    }
    return render(request, "videos/collection_form.html", context, status=status)


def _by_whose(request: Request, whose: str) -> CollectionQuerySet:
    match whose:
        case "own":
            return Collection.objects.owned_by(request.user)
        case "shared":
            return Collection.objects.chosen_for(request.user)
        case "team":
            return Collection.objects.of_team()
    return Collection.objects.visible_to(request.user)


def _page(request: Request, found: CollectionQuerySet) -> CollectionPage:
    order = KeysetOrder()
    below = request.GET.get("below", "")
    if is_public_id(below) and (position := order.position_of(Collection.objects.filter(public_id=below))):
        found = order.after(found, position)
    rows, has_next = take_page(order.sort(found.select_related("owner")), PAGE_SIZE)
    return CollectionPage(overviews(request.user, rows), rows[-1].public_id if has_next else "")
