"""What the team makes and spends, for managers."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_safe

from accounts.decorators import managers_only
from audit.trail import Subject, record_view
from audit.vocabulary import Kind
from videos.services import people
from videos.views.access import Request

_RECENT = 50


@require_safe
@managers_only
def team(request: Request) -> HttpResponse:
    """Show who made and spent how much, and what was asked for lately. The videos themselves stay with their
    owners.
    """
    record_view(
        Subject(Kind.STUDIO, "team", gettext_noop("The team's work")),
        what=gettext_noop("Prompts and spending of everybody."),
    )
    members = people.team()
    context = {
        "members": members,
        "days": people.TEAM_DAYS,
        "total_videos": sum(member.accepted for member in members),
        "total_spent": sum(member.spent for member in members),
        "recent": people.recent_work(_RECENT),
    }
    return render(request, "videos/team.html", context)
