"""The addresses of accounts: signing in, and the pages of one's own account.

Each of allauth's pages is named here, in our templates; what is not named is not there. Its names are kept,
because it asks for them itself.
"""

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from allauth.socialaccount import views as socialaccount
from django.urls import path, register_converter
from django.urls.converters import StringConverter

from accounts.views import activity, deletion, invitations, oidc, profile, sessions, signup, tokens


class Base36Converter(StringConverter):
    """The id of an account as allauth writes it into links."""

    regex = "[0-9A-Za-z]+"


register_converter(Base36Converter, "base36")

_FACTOR = "second-factor/"
_PASSKEY = "passkeys/"
_PROVIDER = "single-sign-on/<slug:provider_id>/"

urlpatterns = [
    path("login/", account.login, name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    # Joining
    path("signup/", signup.signup, name="account_signup"),
    path("invitation/<str:secret>/", invitations.accept, name="invitation"),
    path("invitations/", invitations.invitations, name="invitations"),
    path("invitations/<int:pk>/revoke", invitations.revoke, name="invitation_revoke"),
    # One's own account
    path("profile/", profile.profile, name="account_profile"),
    path("sign-in/", profile.sign_in, name="mfa_index"),
    path("activity/", activity.activity, name="account_activity"),
    path("deletion/", deletion.delete, name="account_deletion"),
    path("deletion/call-off", deletion.call_off, name="account_deletion_call_off"),
    path("offers/", deletion.offers, name="account_offers"),
    path("offers/<int:pk>/answer", deletion.answer, name="account_offer_answer"),
    # Password and address
    path("password/change/", account.password_change, name="account_change_password"),
    path("password/set/", account.password_set, name="account_set_password"),
    path("password/reset/", account.password_reset, name="account_reset_password"),
    path("password/reset/sent/", account.password_reset_done, name="account_reset_password_done"),
    path(
        "password/reset/done/",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path(  # of this shape, because allauth puts the two into the address itself
        "password/reset/<base36:uidb36>-<str:key>/",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path("email/", account.email, name="account_email"),
    path("email/sent/", account.email_verification_sent, name="account_email_verification_sent"),
    path("email/confirm/<str:key>/", account.confirm_email, name="account_confirm_email"),
    # Second factors
    path(_FACTOR + "sign-in/", mfa.authenticate, name="mfa_authenticate"),
    path(_FACTOR + "reauthenticate/", mfa.reauthenticate, name="mfa_reauthenticate"),
    path(_FACTOR + "app/", totp.activate_totp, name="mfa_activate_totp"),
    path(_FACTOR + "app/remove/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path(_FACTOR + "recovery-codes/", recovery_codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path(
        _FACTOR + "recovery-codes/new/",
        recovery_codes.generate_recovery_codes,
        name="mfa_generate_recovery_codes",
    ),
    path(
        _FACTOR + "recovery-codes/download/",
        recovery_codes.download_recovery_codes,
        name="mfa_download_recovery_codes",
    ),
    path(_PASSKEY, webauthn.list_webauthn, name="mfa_list_webauthn"),
    path(_PASSKEY + "add/", webauthn.add_webauthn, name="mfa_add_webauthn"),
    path(_PASSKEY + "sign-in/", webauthn.login_webauthn, name="mfa_login_webauthn"),
    path(_PASSKEY + "reauthenticate/", webauthn.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path(_PASSKEY + "<int:pk>/remove/", webauthn.remove_webauthn, name="mfa_remove_webauthn"),
    path(_PASSKEY + "<int:pk>/name/", webauthn.edit_webauthn, name="mfa_edit_webauthn"),
    # The provider of OpenID Connect
    path(_PROVIDER, oidc.login, name="openid_connect_login"),
    path(_PROVIDER + "callback/", oidc.callback, name="openid_connect_callback"),
    path("single-sign-on-canceled/", oidc.canceled, name="socialaccount_login_cancelled"),
    path("connections/", socialaccount.connections, name="socialaccount_connections"),
    # Sessions and tokens
    path("sessions/", sessions.sessions, name="account_sessions"),
    path("sessions/others/end", sessions.end_others, name="account_sessions_end_others"),
    path("sessions/<int:pk>/end", sessions.end, name="account_session_end"),
    path("tokens/", tokens.tokens, name="api_tokens"),
    path("tokens/<int:pk>/revoke", tokens.revoke, name="api_token_revoke"),
]
