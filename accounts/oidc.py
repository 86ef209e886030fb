"""Signing in with an OpenID Connect provider: who may join, whose account it is, and which role they have."""

import logging
from collections.abc import Mapping
from typing import Any

from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter, _build_apps_from_settings
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.base import AuthProcess
from django.conf import settings
from django.contrib.auth.models import Group
from django.db import transaction
from django.http import HttpRequest
from django.shortcuts import render
from django.utils.translation import gettext

from accounts import invitations, subjects
from accounts.models import Invitation, Role, User
from audit.trail import Changes, record
from audit.vocabulary import Action

logger = logging.getLogger(__name__)

INVITATION_KEY = "invitation"  # in the session: the secret of the link that was opened
_RANKED = (Role.VIEWER, Role.CREATOR, Role.MANAGER)


class OidcAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Knows the provider from the settings alone, and decides about people who come from there.

    Somebody who was here before is known by the provider's id of them, never by a name or an address. A first
    visit joins an account only where both sides confirmed the same address, and never one with rights in the
    admin: those connect it themselves, signed in. Otherwise it makes an account, if OIDC_SIGNUP lets it.
    """

    def list_apps(self, request: HttpRequest, provider: Any = None, client_id: Any = None) -> list[Any]:
        """Return the provider of the settings; none is looked for in the database."""
        found = _build_apps_from_settings(provider=provider, client_id=client_id)
        return [app for apps in found.values() for app in apps]

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        claims = _claims_of(sociallogin)
        if sociallogin.state.get("process") == AuthProcess.CONNECT:
            return
        _keep_verified_address(sociallogin)
        if not sociallogin.is_existing:
            self._join_account(request, sociallogin)
        if sociallogin.is_existing:
            apply_claims(sociallogin.user, claims)

    def _join_account(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Connect the login to the account with its address; refuse where that may not be theirs."""
        email = _verified_address(sociallogin)
        owner = _find_owner(email)
        if owner is None:
            return
        if not _is_confirmed_here(owner, email) or owner.is_staff or owner.is_superuser:
            raise refusal(
                request,
                gettext(
                    "There is an account with your address already. Sign in to it with its password; then"
                    " connect %(provider)s to it, under Account → Sign-in."
                )
                % {"provider": settings.OIDC_NAME},
            )
        sociallogin.connect(request, owner)
        logger.info("%s was connected to the account %s by its address", settings.OIDC_NAME, owner.pk)

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        if settings.OIDC_SIGNUP == "closed":
            return False
        email = _verified_address(sociallogin)
        if settings.OIDC_SIGNUP == "everyone" or _find_invitation(request, email) is not None:
            return True
        return settings.OIDC_SIGNUP == "domains" and invitations.is_open_domain(email)

    def is_auto_signup_allowed(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return True

    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None) -> User:
        """Make the account of somebody who comes for the first time, by their invitation if they have one."""
        invitation = _find_invitation(request, _verified_address(sociallogin))
        sociallogin.user.role = Role(settings.SIGNUP_ROLE)
        try:
            with transaction.atomic():
                user: User = super().save_user(request, sociallogin, form)
                record(Action.CREATED, subjects.person(user), note=f"By {settings.OIDC_NAME}.", by=user)
                if invitation is not None:
                    invitations.mark_accepted(invitation, user)
        except invitations.NotUsableError as error:
            raise refusal(request, str(error)) from error
        request.session.pop(INVITATION_KEY, None)
        apply_claims(user, _claims_of(sociallogin))
        return user


def refusal(request: HttpRequest, sentence: str, *, status: int = 403) -> ImmediateHttpResponse:
    """Return the exception that answers with a page that says why."""
    page = render(request, "account/problem.html", {"sentence": sentence}, status=status)
    return ImmediateHttpResponse(page)


def apply_claims(user: User, claims: Mapping[str, Any]) -> None:
    """Give the person the role and the groups that OIDC_ROLES and OIDC_GROUPS make of the provider's claim.

    Nothing changes if the provider does not send the claim. Of several roles the highest counts; without
    any of them it is SIGNUP_ROLE. Groups that OIDC_GROUPS does not name are left alone.
    """
    values = _values_of(claims.get(settings.OIDC_CLAIM))
    if values is None:
        return
    if settings.OIDC_ROLES:
        _set_role(user, {Role(role) for value, role in settings.OIDC_ROLES.items() if value in values})
    if settings.OIDC_GROUPS:
        _set_groups(user, {name for value, name in settings.OIDC_GROUPS.items() if value in values})


def _set_role(user: User, found: set[Role]) -> None:
    role = max(found, key=_RANKED.index, default=Role(settings.SIGNUP_ROLE))
    with transaction.atomic():
        if User.objects.filter(pk=user.pk).exclude(role=role).update(role=role):
            logger.info("The role of account %s is now %s, as %s says", user.pk, role, settings.OIDC_NAME)
            _note_change(user, {"role": (user.role, str(role))})
    user.role = role


def _set_groups(user: User, wanted: set[str]) -> None:
    managed = set(settings.OIDC_GROUPS.values())
    with transaction.atomic():
        before = set(user.groups.filter(name__in=managed).values_list("name", flat=True))
        if before == wanted:
            return
        user.groups.remove(*Group.objects.filter(name__in=managed - wanted))
        user.groups.add(*(Group.objects.get_or_create(name=name)[0] for name in sorted(wanted)))
        _note_change(user, {"groups": (sorted(before), sorted(wanted))})


def _note_change(user: User, changes: Changes) -> None:
    record(Action.CHANGED, subjects.person(user), changes=changes, note=f"As {settings.OIDC_NAME} says.")


def _values_of(claim: Any) -> set[str] | None:
    """Return the values of a claim, which may be one text or a list; None for anything else."""
    if isinstance(claim, str):
        return {claim}
    return {each for each in claim if isinstance(each, str)} if isinstance(claim, list) else None


def _claims_of(sociallogin: SocialLogin) -> dict[str, Any]:
    """Return what the ID token and the user info say, which must be about one and the same person."""
    data = sociallogin.account.extra_data
    token, info = data.get("id_token") or {}, data.get("userinfo") or {}
    if token.get("sub", info.get("sub")) != info.get("sub", token.get("sub")):
        raise ValueError("The ID token and the user info are about different people.")
    return {**token, **info}


def _keep_verified_address(sociallogin: SocialLogin) -> None:
    """Drop an address that the provider does not vouch for: it may be anybody's."""
    kept = [each for each in sociallogin.email_addresses if each.verified is True]
    sociallogin.email_addresses = kept
    if not sociallogin.is_existing:
        sociallogin.user.email = kept[0].email.lower() if kept else ""


def _verified_address(sociallogin: SocialLogin) -> str:
    return sociallogin.email_addresses[0].email.lower() if sociallogin.email_addresses else ""


def _find_owner(email: str) -> User | None:
    """Return whose address it is here, confirmed or not; first of all whoever has confirmed it."""
    if not email:
        return None
    found = (
        EmailAddress.objects.filter(email=email).order_by("-verified", "pk").select_related("user").first()
    )
    if found is not None:
        owner: User = found.user
        return owner
    return User.objects.filter(email=email).order_by("pk").first()


def _is_confirmed_here(owner: User, email: str) -> bool:
    return bool(EmailAddress.objects.filter(user=owner, email=email, verified=True).exists())


def _find_invitation(request: HttpRequest, email: str) -> Invitation | None:
    """Return the invitation whose link was opened in this browser, or one for the person's address.

    That of a link is of no use to somebody with another address than the one it is for.
    """
    if secret := request.session.get(INVITATION_KEY):
        try:
            invitation = invitations.find(secret)
        except invitations.NotUsableError:
            invitation = None
        if invitation is not None and invitation.email in ("", email):
            return invitation
    return invitations.find_for_address(email) if email else None
