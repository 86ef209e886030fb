"""The library: everything one has made, searched, filtered and sorted by its address."""

from collections.abc import Callable

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from accounts.models import User
from videos.models import Tag
from videos.views import facet_cache
from videos.views.access import Request, signed_in
from videos.views.pagination import Page, page_of
from videos.views.search import SORTS, STATUSES, Search
from videos.views.selectors import with_queue_info


@require_safe
@signed_in
def library(request: Request) -> HttpResponse:
    """Show one page of what is asked for. HTMX gets the part it names as its target: the next cards
    (`more`), the filters with their counts (`filters`), or results and filters (`results`).
    """
    search = Search.of(request.GET)
    target = request.htmx.target if request.htmx and not request.htmx.history_restore_request else None
    context: dict[str, object] = {"search": search, "selectable": True}
    template = "videos/library.html"
    if target == "filters":
        template = "videos/_filters.html"
    else:
        context |= _cards(request, search)
    if target == "more":
        template = "videos/_card_page.html"
    else:
        context |= _around(request, search, facet_cache.anew if target == "filters" else facet_cache.recall)
    if target == "results":
        template = "videos/_search_update.html"
        context["from_form"] = request.htmx.trigger == "search"
    response = render(request, template, context)
    if target == "results":
        response["HX-Push-Url"] = search.address
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response


def _cards(request: Request, search: Search) -> dict[str, object]:
    page: Page = page_of(request, search.matches(request.user), search.chosen_sort.order)
    return {"page": page, "videos": with_queue_info(page.videos)}


def _around(
    request: Request, search: Search, count: Callable[[Search, User], facet_cache.Counts]
) -> dict[str, object]:
    counted = count(search, request.user)
    return {
        "found": counted.found,
        "is_old": counted.is_old,
        "sorts": {name: sort.label for name, sort in SORTS.items()},
        "statuses": STATUSES,
        "tags": Tag.objects.filter(owner=request.user),
    }
