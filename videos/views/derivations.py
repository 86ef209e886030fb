"""Remix, edit and extend: a page each, with the source beside the form."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import HttpResponseClientRedirect

from videos.capabilities import capabilities_for
from videos.forms.derivations import DerivationForm, EditForm, ExtendForm, RemixForm
from videos.models import Video
from videos.services.derivations import explain_derivation_refusal
from videos.views.access import Request, get_video, signed_in


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
@vary_on_headers("HX-Request")
def remix(request: Request, public_id: str) -> HttpResponse:
    return _derive(request, public_id, RemixForm)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
@vary_on_headers("HX-Request")
def edit(request: Request, public_id: str) -> HttpResponse:
    return _derive(request, public_id, EditForm)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
@vary_on_headers("HX-Request")
def extend(request: Request, public_id: str) -> HttpResponse:
    return _derive(request, public_id, ExtendForm)


def _derive(request: Request, public_id: str, kind: type[DerivationForm]) -> HttpResponse:
    """Show the form; a POST makes the video and leads to its page. 409 with the reason where it cannot be."""
    source = get_video(request, public_id)
    ways = capabilities_for(source)
    if not kind.is_possible(ways):
        return _cannot(request, source, kind.verb)
    if request.method != "POST":
        return render(request, "videos/derivation.html", {"form": kind(source, ways), "video": source})
    form = kind(source, ways, request.POST)
    made = form.save(request.user) if form.is_valid() else None
    if made is None:
        template = "videos/_derivation_form.html" if request.htmx else "videos/derivation.html"
        return render(request, template, {"form": form, "video": source}, status=422)
    return HttpResponseClientRedirect(made.get_absolute_url()) if request.htmx else redirect(made)


def _cannot(request: Request, source: Video, verb: str) -> HttpResponse:
    if request.htmx:  # possible when the page was opened: loading it anew tells why no more
        return HttpResponseClientRedirect(request.path)
    context = {"video": source, "verb": verb, "reason": explain_derivation_refusal(source, verb)}
    return render(request, "videos/action_unavailable.html", context, status=409)
