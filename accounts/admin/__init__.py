"""Accounts in the admin: one file for what belongs together.

What allauth would show there is left out: whoever edits another person's addresses, second factors or
connections can sign in as that person, and its pages show secrets.
"""

from importlib import import_module

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django.contrib import admin

from accounts.admin import joining, tokens, users  # noqa: F401  # registers them

_HIDDEN = (EmailAddress, Authenticator, SocialAccount, SocialApp, SocialToken, UserSession)

for _app in ("account", "mfa", "socialaccount", "usersessions"):
    import_module(f"allauth.{_app}.admin")  # before Django does, which would register them after this
for _model in _HIDDEN:
    if admin.site.is_registered(_model):
        admin.site.unregister(_model)
