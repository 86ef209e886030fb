"""Joining by oneself, with an address at one of SIGNUP_EMAIL_DOMAINS."""

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import invitations, mail
from accounts.client_address import client_network
from accounts.join_forms import RequestInvitationForm
from accounts.sign_in_limits import Limit

_FROM_NETWORK = Limit("signup", 10, 3600)
_TO_ADDRESS = Limit("signup-mail", 3, 24 * 3600)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def signup(request: HttpRequest) -> HttpResponse:
    """Mail a link to an address of an open domain. The answer is the same whether it has an account."""
    if request.user.is_authenticated:
        return redirect(settings.LOGIN_REDIRECT_URL)
    if not (settings.SIGNUP_EMAIL_DOMAINS and mail.can_deliver()):
        return render(request, "account/signup_closed.html")
    form = RequestInvitationForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "account/signup.html", {"form": form}, status=422 if form.errors else 200)
    if not _FROM_NETWORK.allows(client_network(request)):
        return render(request, "429.html", status=429)
    email = form.cleaned_data["email"]
    if _TO_ADDRESS.allows(email):  # whether or not it was, the answer is the same
        _send_link(request, email)
    return render(request, "account/signup_sent.html", {"email": email})


def _send_link(request: HttpRequest, email: str) -> None:
    adapter = get_adapter(request)
    if (issued := invitations.issue_by_domain(email)) is None:
        reset = request.build_absolute_uri(reverse("account_reset_password"))
        adapter.send_mail("account/email/has_account", email, {"reset": reset})
        return
    invitation, secret = issued
    link = request.build_absolute_uri(reverse("invitation", args=[secret]))
    adapter.send_mail("account/email/invitation", email, {"link": link, "expires_at": invitation.expires_at})
