"""The pages of one's own account: name and looks, and how one signs in."""

from typing import cast

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import second_factor
from accounts.models import User
from accounts.profile_forms import ProfileForm


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def profile(request: HttpRequest) -> HttpResponse:
    """Show the name and how the pages look; a POST changes them."""
    user = User.objects.get(pk=cast(User, request.user).pk)  # a form that fails changes its instance
    form = ProfileForm(request.POST or None, instance=user)
    if request.method == "POST" and form.is_valid():
        form.instance.save(update_fields=form.changed_data)
        messages.success(request, gettext("Profile saved."))
        return redirect("account_profile")
    return render(request, "account/profile.html", {"form": form}, status=422 if form.errors else 200)


@require_safe
@never_cache
def sign_in(request: HttpRequest) -> HttpResponse:
    """Show by what the person signs in, with a way to change each."""
    user = cast(User, request.user)
    factors = {each.type: each for each in Authenticator.objects.filter(user=user)}
    codes = factors.get(Authenticator.Type.RECOVERY_CODES)
    context = {
        "address": EmailAddress.objects.filter(user=user).order_by("-primary", "pk").first(),
        "has_password": user.has_usable_password(),
        "has_totp": Authenticator.Type.TOTP in factors,
        "passkey_count": Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN).count(),
        "has_second_factor": second_factor.has_second_factor(user),
        "codes_left": len(codes.wrap().get_unused_codes()) if codes else 0,
        "must_set_up": second_factor.is_missing(user),
        "is_connected": SocialAccount.objects.filter(user=user).exists(),
    }
    return render(request, "account/sign_in.html", context)
