"""The page of one's own API tokens: list, create, revoke."""

from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods

from accounts import tokens as token_service
from accounts.forms import TokenForm
from accounts.models import ApiToken, User


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@sensitive_variables("secret")
def tokens(request: HttpRequest) -> HttpResponse:
    """List the tokens. A POST creates one, and its response is the only page that ever shows the secret."""
    user = cast(User, request.user)
    form = TokenForm()
    made, secret, status = None, "", 200
    if request.method == "POST":
        form = TokenForm(request.POST)
        if form.is_valid():
            made, secret = form.issue(user)
            form = TokenForm()
        else:
            status = 422
    context = {"form": form, "tokens": user.api_tokens.all(), "made": made, "secret": secret}
    return render(request, "account/tokens.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for confirmation; a POST revokes the token for good."""
    token = get_object_or_404(ApiToken, pk=pk, user=cast(User, request.user))
    if request.method != "POST":
        return render(request, "account/token_revoke_confirm.html", {"token": token})
    if token_service.revoke(token):
        messages.success(request, gettext("Token “%(name)s” revoked.") % {"name": token.name})
    return redirect("api_tokens")
