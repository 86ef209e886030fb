"""Where somebody is signed in, and ending it."""

from typing import cast

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User


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
    get_object_or_404(UserSession, pk=pk, user=cast(User, request.user)).end()
    messages.success(request, "Session ended.")
    return redirect("account_sessions")


@require_POST
def end_others(request: HttpRequest) -> HttpResponse:
    """End all sessions but this one."""
    others = UserSession.objects.filter(user=cast(User, request.user)).exclude(
        session_key=request.session.session_key or ""
    )
    for session in others:
        session.end()
    messages.success(request, "All other sessions ended.")
    return redirect("account_sessions")
