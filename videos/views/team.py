"""What the team makes and spends, for managers."""

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts import roles
from videos.services import people
from videos.views.access import Request

_RECENT = 50


@require_safe
def team(request: Request) -> HttpResponse:
    """Show who made and spent how much, and what was asked for lately. The videos themselves stay with their
    owners.
    """
    if not roles.may_manage(request.user):
        raise PermissionDenied
    members = list(people.team())
    context = {
        "members": members,
        "days": people.TEAM_DAYS,
        "total_videos": sum(member.accepted for member in members),  # type: ignore[attr-defined]  # annotated
        "total_dollars": sum(member.dollars for member in members),  # type: ignore[attr-defined]
        "recent": people.recent_work(_RECENT),
    }
    return render(request, "videos/team.html", context)
