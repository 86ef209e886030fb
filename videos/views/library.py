"""The library: one's own videos and those that are shared, searched, filtered and sorted by its address."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe
from django_stubs_ext import StrOrPromise

from accounts.models import User
from videos.models import Collection, Tag, Video
from videos.models.video_queries import VideoQuerySet
from videos.services.visibility import note_collection_look, note_list
from videos.views.access import Request
from videos.views.date_headings import set_date_headings
from videos.views.facet_cache import CachedCounts, cached_counts, fresh_counts
from videos.views.library_view import LibraryView
from videos.views.pagination import cursor_video, paginate
from videos.views.search import RATINGS, SCOPES, SORTS, STATUSES, Search
from videos.views.selectors import with_queue_info
from videos.views.stacks import stack_takes
from videos.views.timeline import start_position, timeline

MAX_COUNTED = 1000  # videos of a scope; of more, its tab says that there are more
MAX_LISTED = 100  # names of collections that the field for one suggests


@require_safe
def library(request: Request) -> HttpResponse:
    """Show one page of what the address asks for, of one's own videos or of `?scope=`."""
    search = Search.from_query({**request.GET.dict(), "collection": ""})
    return render_search(request, search, "videos/library.html", {})


def render_search(
    request: Request, search: Search, template: str, page_context: Mapping[str, object]
) -> HttpResponse:
    """Answer with one page of a search: `template` with `page_context` around it.

    HTMX gets the part it names as its target: the next cards (`more`), the filters with their counts
    (`filters`), or results and filters (`results`).
    """
    _note_search(request.user, search)
    target = request.htmx.target if request.htmx and not request.htmx.history_restore_request else None
    view = LibraryView.from_request(request)
    context: dict[str, Any] = {"search": search, "selectable": True, "view": view, **page_context}
    if target == "filters":
        template = "videos/_filters.html"
    else:
        context |= _page_context(request, search, continues=target == "more")
    if target == "more":
        template = "videos/_card_page.html"
    else:
        context |= _filter_context(request, search, fresh_counts if target == "filters" else cached_counts)
    if target not in ("filters", "more"):
        context["months"] = timeline(search, request.user, context["counts"].total)
    if target == "results":
        template = "videos/_search_update.html"
        context["from_form"] = request.htmx.trigger == "search"
    if target not in ("filters", "more", "results"):
        context |= {"scopes": scope_tabs(request.user, search), "own_collections": _editable(request.user)}
    response = render(request, template, context)
    if target == "results":
        response["HX-Push-Url"] = search.address
    view.remember(request, response)
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response


def _note_search(person: User, search: Search) -> None:
    """Write down that a manager or a member of staff looks through what is not theirs."""
    if search.collection:
        found = Collection.objects.visible_to(person).filter(public_id=search.collection).first()
        if found is not None:
            note_collection_look(person, found)
    elif search.scope == "team":
        note_list(person)


@dataclass(frozen=True)
class ScopeTab:
    """Whose videos the library shows: a tab, with how many there are, as far as they were counted."""

    label: StrOrPromise
    url: str
    count: int
    is_chosen: bool

    @property
    def has_more(self) -> bool:
        return self.count > MAX_COUNTED


def scope_tabs(person: User, search: Search) -> list[ScopeTab]:
    """Return the library's tabs. At most `MAX_COUNTED` videos are counted of each, so all cost little."""
    own = {"": gettext_lazy("Mine"), **SCOPES}
    rows = {
        "": Video.objects.owned_by(person),
        "shared": Video.objects.shared_with(person),
        "team": Video.objects.of_team(person),
    }
    return [
        ScopeTab(
            label,
            reverse("videos:library") + (f"?scope={name}" if name else ""),
            _count_some(rows[name]),
            is_chosen=name == search.scope and not search.collection,
        )
        for name, label in own.items()
    ]


def _count_some(rows: VideoQuerySet) -> int:
    return rows.not_trashed().order_by().values("pk")[: MAX_COUNTED + 1].count()


def _editable(person: User) -> list[Collection]:
    """Return the collections that videos can be put into, those that changed last first."""
    found = Collection.objects.editable_by(person).order_by("-changed_at", "-pk")
    return list(found.only("public_id", "name")[:MAX_LISTED])


def _page_context(request: Request, search: Search, *, continues: bool) -> dict[str, object]:
    """Return one page; when it `continues` the page before it, its first heading may stand there."""
    option = search.sort_option
    rows = search.matches(request.user)
    page = paginate(request, rows, option.order, start_position(search, rows))
    # The takes of one request are looked at one by one.
    stacks = None if search.takes else stack_takes(page.videos, rows, option.order)
    if option.moment:
        shown = page.videos if stacks is None else [stack.first for stack in stacks]
        set_date_headings(shown, option.moment, after=cursor_video(request) if continues else None)
    videos = page.videos if stacks is None else [take for stack in stacks for take in stack.takes]
    return {"page": page, "videos": with_queue_info(videos), "stacks": stacks}


def _filter_context(
    request: Request, search: Search, count: Callable[[Search, User], CachedCounts]
) -> dict[str, object]:
    cached = count(search, request.user)
    return {
        "counts": cached.counts,
        "is_stale": cached.is_stale,
        "sorts": {name: option.label for name, option in SORTS.items()},
        "statuses": STATUSES,
        "ratings": RATINGS,
        "tags": Tag.objects.filter(owner=request.user),
    }
