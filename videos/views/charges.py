"""Decisions of managers about charges of which nobody knows whether they are real."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from accounts.roles import may_manage
from videos.services.charges import release_charge
from videos.views.access import Request


@require_POST
def release(request: Request, public_id: str, attempt: int) -> HttpResponse:
    """Release an unconfirmed charge of anybody's video. Only managers may, and have to say why."""
    if not may_manage(request.user):
        raise PermissionDenied
    try:
        done = release_charge(request.user, public_id, attempt, request.POST.get("note", ""))
        text = (
            gettext("Charge released.")
            if done
            else gettext("This charge had been confirmed or released before.")
        )
        messages.info(request, text)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("billing:spend")
