"""The library: everything one has made, searched, filtered and sorted by its address."""

from collections.abc import Callable

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from accounts.models import User
from videos.models import Tag
from videos.views.access import Request
from videos.views.facet_cache import CachedCounts, cached_counts, fresh_counts
from videos.views.pagination import paginate
from videos.views.search import SORTS, STATUSES, Search
from videos.views.selectors import with_queue_info


@require_safe
def library(request: Request) -> HttpResponse:
    """Show one page of what the address asks for.

    HTMX gets the part it names as its target: the next cards (`more`), the filters with their counts
    (`filters`), or results and filters (`results`).
    """
    search = Search.from_query(request.GET)
    target = request.htmx.target if request.htmx and not request.htmx.history_restore_request else None
    context: dict[str, object] = {"search": search, "selectable": True}
    template = "videos/library.html"
    if target == "filters":
        template = "videos/_filters.html"
    else:
        context |= _page_context(request, search)
    if target == "more":
        template = "videos/_card_page.html"
    else:
        context |= _filter_context(request, search, fresh_counts if target == "filters" else cached_counts)
    if target == "results":
        template = "videos/_search_update.html"
        context["from_form"] = request.htmx.trigger == "search"
    response = render(request, template, context)
    if target == "results":
        response["HX-Push-Url"] = search.address
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response


def _page_context(request: Request, search: Search) -> dict[str, object]:
    page = paginate(request, search.matches(request.user), search.sort_option.order)
    return {"page": page, "videos": with_queue_info(page.videos)}


def _filter_context(
    request: Request, search: Search, count: Callable[[Search, User], CachedCounts]
) -> dict[str, object]:
    cached = count(search, request.user)
    return {
        "counts": cached.counts,
        "is_stale": cached.is_stale,
        "sorts": {name: option.label for name, option in SORTS.items()},
        "statuses": STATUSES,
        "tags": Tag.objects.filter(owner=request.user),
    }
