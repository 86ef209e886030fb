"""Where somebody is signed in, and ending it."""

from typing import cast

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts import subjects
from accounts.models import User
from audit.trail import record
from audit.vocabulary import Action


@require_safe
@never_cache
def sessions(request: HttpRequest) -> HttpResponse:
    """List the sessions of the account, this one first, then the one used last."""
    own = UserSession.objects.purge_and_list(cast(User, request.user))
    own.sort(
        key=lambda each: (each.session_key == request.session.session_key, each.last_seen_at), reverse=True
    )
    return render(request, "account/sessions.html", {"sessions": own})


@require_POST
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """End one of the sessions."""
    user = cast(User, request.user)
    session = get_object_or_404(UserSession, pk=pk, user=user)
    session.end()
    record(Action.SESSIONS_ENDED, subjects.person(user), note=f"The one from {session.ip}.")
    messages.success(request, gettext("Session ended."))
    return redirect("account_sessions")


@require_POST
def end_others(request: HttpRequest) -> HttpResponse:
    """End all sessions but this one."""
    user = cast(User, request.user)
    others = list(
        UserSession.objects.filter(user=user).exclude(session_key=request.session.session_key or "")
    )
    for session in others:
        session.end()
    if others:
        record(Action.SESSIONS_ENDED, subjects.person(user), note=f"All others: {len(others)}.")
    messages.success(request, gettext("All other sessions ended."))
    return redirect("account_sessions")
