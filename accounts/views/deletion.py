"""Deleting one's own account, and the work that somebody who leaves offers."""

from typing import cast

from allauth.account.adapter import get_adapter
from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import deletion as service
from accounts import formats, languages, mail
from accounts.deletion_forms import DeletionForm
from accounts.models import AccountDeletion, User
from contentgen.stored_texts import translated


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@reauthentication_required  # type: ignore[untyped-decorator]  # allauth ships no types
def delete(request: HttpRequest) -> HttpResponse:
    """Ask what is to become of the work; a POST schedules the deletion. The password comes first."""
    user = cast(User, request.user)
    form = DeletionForm(user, request.POST or None)
    if request.method == "POST" and form.is_valid() and (saved := form.save()):
        _tell_heir(request, saved)
        return redirect("account_deletion")
    scheduled = AccountDeletion.objects.select_related("heir").filter(user=user).first()
    context = {
        "form": form,
        "deletion": scheduled,
        "problem": translated(scheduled.problem) if scheduled else "",
        "obstacle": translated(service.find_obstacle(user)),
        "video_count": user.videos.filter(deleted_at=None).count(),
    }
    return render(request, "account/deletion.html", context, status=422 if form.errors else 200)


@require_POST
def call_off(request: HttpRequest) -> HttpResponse:
    """Keep the account after all."""
    if service.call_off(cast(User, request.user)):
        messages.success(request, gettext("Your account stays."))
    return redirect("account_profile")


@require_safe
@never_cache
def offers(request: HttpRequest) -> HttpResponse:
    """List the work of people who leave that is offered to the person."""
    found = AccountDeletion.objects.select_related("user").filter(
        heir=cast(User, request.user), started_at=None
    )
    return render(request, "account/offers.html", {"offers": found.order_by("requested_at")})


@require_POST
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Accept or decline it."""
    accept = request.POST.get("answer") == "accept"
    try:
        done = service.answer(cast(User, request.user), pk, accept=accept)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        words = gettext("Accepted.") if accept else gettext("Declined.")
        messages.info(request, words if done else gettext("This is not offered to you any more."))
    return redirect("account_offers")


def _tell_heir(request: HttpRequest, scheduled: AccountDeletion) -> None:
    """Mail whoever is asked; without an address, or mail, they see it on their account's pages."""
    heir = scheduled.heir
    if heir is None or not heir.email or not mail.can_deliver():
        return
    link = request.build_absolute_uri(reverse("account_offers"))
    context = {"link": link, "leaver": scheduled.user, "due_at": scheduled.due_at}
    with languages.override_for(heir), formats.override(heir.date_style):
        get_adapter(request).send_mail("account/email/work_offered", heir.email, context)
