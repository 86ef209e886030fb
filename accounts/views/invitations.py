"""Inviting people, and joining by an invitation."""

from typing import cast

from allauth.account.adapter import get_adapter
from allauth.account.utils import perform_login
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.module_loading import import_string
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from accounts import invitations as service
from accounts import mail
from accounts.client_address import client_network
from accounts.decorators import managers_only
from accounts.join_forms import AcceptForm, InviteForm
from accounts.models import Invitation, User
from accounts.oidc import INVITATION_KEY
from accounts.sign_in_limits import Limit

_LISTED = 100
_OPENINGS = Limit("invitation", 30, 60)  # of links, from one network
_MAILS = Limit("invitation-mail", 50, 24 * 3600)  # by one manager: to addresses that nobody has confirmed


@require_http_methods(["GET", "HEAD", "POST"])
@managers_only
@never_cache
@sensitive_variables("secret")
def invitations(request: HttpRequest) -> HttpResponse:
    """List the invitations. A POST makes one, and its response is the only page that ever shows the link."""
    user = cast(User, request.user)
    form_class: type[InviteForm] = import_string(settings.INVITE_FORM)
    form, made, link, status = form_class(user), None, "", 200
    if request.method == "POST":
        form, status = form_class(user, request.POST), 422
        if form.is_valid() and (issued := form.issue()):
            made, secret = issued
            link = request.build_absolute_uri(reverse("invitation", args=[secret]))
            is_mailed = _mail_link(request, made, link)
            form, status = form_class(user), 200
            if made.email and not is_mailed:
                messages.warning(request, gettext("The link was not mailed. Pass it on yourself."))
    rows = Invitation.objects.select_related("invited_by", "accepted_by")
    if not user.is_superuser:
        rows = rows.filter(invited_by=user)
    context = {"form": form, "made": made, "link": link, "invitations": rows[:_LISTED]}
    return render(request, "account/invitations.html", context, status=status)


def _mail_link(request: HttpRequest, invitation: Invitation, link: str) -> bool:
    """Mail the link to whom it is for, if there is mail and the manager did not send too many today."""
    inviter = invitation.invited_by
    if (
        not invitation.email
        or inviter is None
        or not mail.can_deliver()
        or not _MAILS.allows(str(inviter.pk))
    ):
        return False
    context = {"link": link, "inviter": inviter, "expires_at": invitation.expires_at}
    get_adapter(request).send_mail("account/email/invitation", invitation.email, context)
    return True


@require_http_methods(["GET", "HEAD", "POST"])
@managers_only
@never_cache
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for confirmation; a POST withdraws the invitation for good."""
    user = cast(User, request.user)
    own = Invitation.objects.all() if user.is_superuser else Invitation.objects.filter(invited_by=user)
    invitation = get_object_or_404(own, pk=pk)
    if request.method != "POST":
        return render(request, "account/invitation_revoke_confirm.html", {"invitation": invitation})
    if service.revoke(invitation):
        messages.success(request, gettext("Invitation withdrawn."))
    return redirect("invitations")


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@sensitive_post_parameters("password1", "password2")
@sensitive_variables("secret")
def accept(request: HttpRequest, secret: str) -> HttpResponse:
    """Show the form of whoever was invited; a POST makes the account, and signs in."""
    if not _OPENINGS.allows(client_network(request)):
        return render(request, "429.html", status=429)
    if request.user.is_authenticated:
        sentence = gettext(
            "You are signed in as %(name)s. An invitation is for somebody who has no account yet: sign out to"
            " use it, or pass it on to whom it is for."
        ) % {"name": request.user.get_username()}
        return render(request, "account/problem.html", {"sentence": sentence}, status=409)
    try:
        invitation = service.find(secret)
    except service.NotUsableError as error:
        request.session.pop(INVITATION_KEY, None)
        return render(request, "account/problem.html", {"sentence": str(error)}, status=410)
    return _join(request, invitation, secret)


def _join(request: HttpRequest, invitation: Invitation, secret: str) -> HttpResponse:
    form = AcceptForm(invitation, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user = service.accept(invitation, form.save(commit=False))
        except service.NotUsableError as error:
            return render(request, "account/problem.html", {"sentence": str(error)}, status=410)
        except IntegrityError:
            form.add_error("username", gettext("A user with that username already exists."))
        else:
            request.session.pop(INVITATION_KEY, None)
            response: HttpResponse = perform_login(request, user, signup=True)
            return response
    request.session[INVITATION_KEY] = secret  # for whoever goes on at the provider instead
    context = {"form": form, "invitation": invitation}
    return render(request, "account/invitation.html", context, status=422 if form.errors else 200)
