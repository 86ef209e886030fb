"""The models to choose from, where they are many: by family, with favourites and those used last."""

from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from contentgen.text_search import MAX_QUERY_LENGTH
from videos.capabilities import available_offers
from videos.models import Backend
from videos.services.favourite_models import (
    UnknownModelError,
    favourite_models,
    recent_models,
    set_favourite_model,
)
from videos.validation import is_storable
from videos.views.access import Request, safe_referer, search_query
from videos.views.model_rows import ModelRow, find_rows, with_headings

MAX_ROWS = 100  # of one page; more are loaded as they scroll into view
_NOT_KEPT = {"csrfmiddlewaretoken", "form_key", "pick_model", "q"}


@require_safe
@vary_on_headers("HX-Request")
def models(request: Request) -> HttpResponse:
    """Show the models; `?q=` searches them. HTMX gets the rows for a dialog, a page's worth at a time."""
    query = search_query(request)
    if not request.htmx:
        return _draw_page(request, query, QueryDict())
    start = request.GET.get("from", "")
    first = int(start) if start.isdecimal() and len(start) < 6 else 0
    rows = _find_rows(request, query, request.GET.get("model", ""))
    shown = rows[first : first + MAX_ROWS]
    following = first + MAX_ROWS if len(rows) > first + MAX_ROWS else None
    context = {"rows": shown, "following": following, "q": query, "is_dialog": True, "total": len(rows)}
    return render(request, "videos/_model_list.html" if not first else "videos/_model_rows.html", context)


@require_POST
def favourite(request: Request) -> HttpResponse:
    """Add a model to one's favourites, or take it out, as `on` says. HTMX gets the new star."""
    name = request.POST.get("name", "")
    if not is_storable(name):
        raise Http404
    try:
        model = set_favourite_model(request.user, name, on=request.POST.get("on") == "1")
    except UnknownModelError as error:
        raise Http404 from error
    if not request.htmx:
        return redirect(safe_referer(request))
    context = {"model": model, "is_favourite": request.POST.get("on") == "1", "position": _position(request)}
    return render(request, "videos/_model_star.html", context)


def draw_picker_page(request: Request, *, kept: QueryDict) -> HttpResponse:
    """Show the models as a page that leads back to the studio with all that was typed there, but files."""
    query = " ".join(kept.get("q", "")[:MAX_QUERY_LENGTH].replace("\x00", " ").split())
    return _draw_page(request, query, kept)


def _draw_page(request: Request, query: str, kept: QueryDict) -> HttpResponse:
    rows = _find_rows(request, query, kept.get("model", ""))
    context = {"rows": rows, "q": query, "kept": _kept_fields(kept), "total": len(rows)}
    return render(request, "videos/models.html", context)


def _find_rows(request: Request, query: str, chosen: str) -> list[ModelRow]:
    in_use = Backend.objects.in_use()
    offers = available_offers(in_use)
    rows = find_rows(
        offers, query, recent=recent_models(request.user), favourites=favourite_models(request.user)
    )
    return with_headings(rows, chosen, show_backends=len(in_use) > 1)


def _kept_fields(data: QueryDict) -> list[tuple[str, str]]:
    return [(name, value) for name in data if name not in _NOT_KEPT for value in data.getlist(name)]


def _position(request: Request) -> str:
    """Return the number of the row that the star is in, which its id ends in."""
    position = request.POST.get("position", "")
    return position if position.isdecimal() and len(position) < 6 else ""
