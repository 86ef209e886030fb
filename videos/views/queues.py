"""All queues, for staff: who waits for what, and what is paused: a backend, a person, or everything."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from videos.engine import hold
from videos.models import Backend
from videos.models.owner_queue import NOTE_LIMIT
from videos.services import backend_pauses, queue_pauses
from videos.services.backend_pauses import MAX_REASON
from videos.services.queue_overview import queues_by_backend, queues_by_person
from videos.services.submissions import submission_status
from videos.views.access import Request

SEE = "videos.view_studiostate"
HOLD = "videos.change_studiostate"  # everything, and people's queues
BACKENDS = "videos.change_backend"

_MAX_NAME = 150  # characters

_View = Callable[..., HttpResponseBase]


def _staff_with(*permissions: str) -> Callable[[_View], _View]:
    """Decorate a view for staff with one of the permissions; others get a 403."""

    def decorate(view: _View) -> _View:
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            user = cast(User, request.user)
            if not (user.is_staff and any(map(user.has_perm, permissions))):
                return render(request, "403.html", status=403)
            return view(request, *args, **kwargs)

        return checked

    return decorate


@require_safe
@_staff_with(SEE, HOLD)
def queues(request: Request) -> HttpResponse:
    """Show all queues by person and by backend, with what is paused; with `?person=` those of the people of
    that name, who may have nothing in theirs.
    """
    named = request.GET.get("person", "")[:_MAX_NAME].strip()
    context = {
        "status": submission_status(),
        "people": queues_by_person(named),
        "named": named,
        "backends": queues_by_backend(),
        "now": timezone.now(),
        "note_limit": NOTE_LIMIT,
        "reason_limit": MAX_REASON,
        "may_hold": request.user.has_perm(HOLD),
        "may_pause_backends": request.user.has_perm(BACKENDS),
    }
    return render(request, "videos/queues.html", context)


@require_POST
@_staff_with(HOLD)
def maintenance(request: Request) -> HttpResponse:
    """Begin a maintenance, or end it. Whoever ends it has seen what that submits."""
    if request.POST.get("do") == "begin":
        message = request.POST.get("note", "").strip()
        begun = hold.hold(message=message, by=request.user)
        return _back(
            request,
            gettext("The studio is in maintenance.") if begun else gettext("Submissions were held before."),
        )
    if request.POST.get("total") != submission_status().total:
        return _back(
            request, gettext("The queue has changed. The maintenance goes on: look at it once more.")
        )
    ended = hold.end_maintenance()
    return _back(
        request, gettext("The maintenance has ended.") if ended else gettext("There was no maintenance.")
    )


@require_POST
@_staff_with(BACKENDS)
def backend(request: Request, pk: int) -> HttpResponse:
    """Pause a backend, or resume it."""
    found = get_object_or_404(Backend, pk=pk)
    if request.POST.get("do") == "pause":
        reason = request.POST.get("note", "")[:MAX_REASON]
        backend_pauses.pause_backends([found], by=request.user, reason=reason)
        return _back(request, gettext("%(name)s is paused.") % {"name": found})
    done = backend_pauses.resume_backends([found])
    return _back(
        request,
        gettext("%(name)s goes on.") % {"name": found}
        if done
        else gettext("%(name)s was not paused.") % {"name": found},
    )


@require_POST
@_staff_with(HOLD)
def person(request: Request, pk: int) -> HttpResponse:
    """Pause all that one person has in the queue, or resume it."""
    found = User.objects.filter(pk=pk).first()
    if found is None:
        raise Http404
    name = found.get_username()
    if request.POST.get("do") == "pause":
        done = queue_pauses.pause_person(found, request.POST.get("note", ""))
        return _back(
            request,
            gettext("%(name)s is paused.") % {"name": name}
            if done
            else gettext("%(name)s was paused before.") % {"name": name},
        )
    done = queue_pauses.resume_person(found)
    return _back(
        request,
        gettext("%(name)s goes on.") % {"name": name}
        if done
        else gettext("%(name)s was not paused.") % {"name": name},
    )


def _back(request: Request, words: str) -> HttpResponse:
    messages.info(request, words)
    return redirect("videos:queues")
