"""What happened to one's own account lately."""

from typing import cast

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import User
from audit.models import Entry
from audit.vocabulary import SECURITY, Action, Kind

_LISTED = 50


@require_safe
@never_cache
def activity(request: HttpRequest) -> HttpResponse:
    """Show the latest of what concerns getting into the account: whoever did it, and from where."""
    of_account = Q(kind=Kind.USER, action__in=[*SECURITY, Action.CHANGED, Action.DOWNLOADED])
    found = Entry.objects.filter(of_account | Q(kind=Kind.TOKEN), owner_id=cast(User, request.user).pk)
    entries = found.order_by("-at", "-pk")[:_LISTED]
    return render(request, "account/activity.html", {"entries": entries, "listed": _LISTED})
