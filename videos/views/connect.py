"""The Connect page: from a service's tile, by a test that costs nothing, to a backend and its first video."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from videos.backends.connection_kinds import KINDS, ConnectionKind
from videos.engine import heartbeat
from videos.forms.connections import ConnectionForm, SaveForm
from videos.models import Backend, ConnectionDraft
from videos.services.backend_status import describe_key, describe_status
from videos.services.connections import (
    GONE,
    DraftGoneError,
    find_same_address,
    get_draft,
    may_connect,
    offered_models,
    problem_field,
)
from videos.services.first_videos import PROMPT, create_first_video, offer_first_videos
from videos.views.access import Request
from videos.views.form_keys import note_repetition, submit_form

View = TypeVar("View", bound=Callable[..., HttpResponse])
_NETWORK = heartbeat.queue_role("network")


def _for_connectors(view: View) -> View:
    """Let nobody in but staff who may connect backends; and nothing of these pages into a cache."""

    @wraps(view)
    @never_cache
    def guarded(request: Request, **arguments: Any) -> HttpResponse:
        if not may_connect(request.user):
            raise PermissionDenied
        return view(request, **arguments)

    return cast(View, guarded)


@require_safe
@_for_connectors
def services(request: Request) -> HttpResponse:
    """List the kinds of services to connect, and what is connected."""
    backends = Backend.objects.prefetch_related("models")
    connected = [
        {"backend": each, "status": describe_status(each), "key": describe_key(each)} for each in backends
    ]
    return render(request, "videos/connect.html", {"kinds": KINDS.values(), "connected": connected})


@sensitive_post_parameters("key")
@require_http_methods(["GET", "HEAD", "POST"])
@_for_connectors
@sensitive_variables("form")
def service(request: Request, slug: str) -> HttpResponse:
    """Ask for what this kind of service needs. A POST has it tested."""
    kind = _get_kind(slug)
    earlier = _earlier_draft(request, kind)
    if request.method != "POST":
        return _draw_form(request, ConnectionForm(kind, request.user, earlier=earlier))
    form = ConnectionForm(kind, request.user, request.POST, earlier=earlier)
    draft = form.save(request.user) if form.is_valid() else None
    if draft is None:
        return _draw_form(request, form, status=422)
    return redirect("videos:connect_test", draft.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@_for_connectors
def test(request: Request, pk: int) -> HttpResponse:
    """Show how the test stands, HTMX the part that changes; then its models. A POST saves the backend."""
    try:
        draft = get_draft(request.user, pk)
        if request.method == "POST" and draft.is_tested:
            return _save(request, draft)
    except DraftGoneError:
        messages.warning(request, gettext(GONE))
        return _leave(request)
    form = SaveForm(draft, offered_models(draft)) if draft.is_tested else None
    return _draw_test(request, draft, form)


@require_http_methods(["GET", "HEAD", "POST"])
@_for_connectors
def connected(request: Request, pk: int) -> HttpResponse:
    """Offer a first video with the new backend. A POST makes it, at the price on its button."""
    backend = get_object_or_404(Backend, pk=pk)
    if request.method != "POST":
        return _draw_connected(request, backend, PROMPT)
    prompt, terms = request.POST.get("prompt", ""), request.POST.get("terms", "")
    try:
        submission = submit_form(request, lambda: create_first_video(request.user, backend, prompt, terms))
    except ValidationError as error:
        return _draw_connected(request, backend, prompt, error.messages)
    videos = submission.videos or []
    page = redirect("videos:detail", videos[0].public_id) if videos else redirect("videos:studio")
    return note_repetition(request, page, submission)


def _get_kind(slug: str) -> ConnectionKind:
    if slug not in KINDS:
        raise Http404
    return KINDS[slug]


def _earlier_draft(request: Request, kind: ConnectionKind) -> ConnectionDraft | None:
    """Return the draft that the form goes on from, if it is this person's and of this kind."""
    number = request.POST.get("earlier", "")
    if not (number.isdecimal() and len(number) < 19):
        return None
    return ConnectionDraft.objects.alive().filter(pk=number, owner=request.user, kind=kind.slug).first()


def _save(request: Request, draft: ConnectionDraft) -> HttpResponse:
    data = {name: request.POST.get(name, "") for name in ("name", "more")}
    form = SaveForm(draft, offered_models(draft), {**data, "models": request.POST.getlist("models")})
    backend = form.save(request.user) if form.is_valid() else None
    if backend is None:
        return _draw_test(request, draft, form, status=422)
    messages.success(request, gettext("“%(name)s” is connected.") % {"name": backend.name})
    return redirect("videos:connected", backend.pk)


def _leave(request: Request) -> HttpResponse:
    """Lead back to the services, also from a part of a page."""
    response = redirect("videos:connect")
    return HttpResponse(headers={"HX-Redirect": response.url}) if request.htmx else response


def _draw_form(request: Request, form: ConnectionForm, status: int = 200) -> HttpResponse:
    return render(request, "videos/connect_service.html", {"form": form, "kind": form.kind}, status=status)


def _draw_test(
    request: Request, draft: ConnectionDraft, form: SaveForm | None, status: int = 200
) -> HttpResponse:
    kind = KINDS[draft.kind]
    context = {"draft": draft, "kind": kind, "save_form": form}
    if draft.problem:
        again = ConnectionForm(kind, request.user, earlier=draft)
        context |= {"form": again, "problem_field": problem_field(draft)}
    elif form is not None:
        context |= {"same_address": find_same_address(draft)}
    elif draft.started_at is None:
        context |= {"is_stalled": _NETWORK in heartbeat.stalled_roles()}
    page = "videos/_connect_test.html" if request.htmx else "videos/connect_test.html"
    return render(request, page, context, status=status)


def _draw_connected(
    request: Request, backend: Backend, prompt: str, errors: list[str] | None = None
) -> HttpResponse:
    context = {"backend": backend, "prompt": prompt, "errors": errors, "offers": offer_first_videos(backend)}
    return render(request, "videos/connected.html", context, status=422 if errors else 200)
