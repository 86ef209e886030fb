"""Every URL of the studio. A view that is open to everybody says so with `login_not_required`."""

from allauth.account import views as account
from django.contrib import admin
from django.urls import include, path, re_path

from accounts import views as accounts
from contentgen import health
from videos.api.paths import API_PATH
from videos.api.rest.api import unknown
from videos.api.rest.views import api

handler500 = "contentgen.errors.server_error"

urlpatterns = [
    path("health", health.alive, name="health"),
    path("health/ready", health.ready, name="health-ready"),
    # Those of allauth's pages that need no mail, because this studio sends none.
    path("accounts/login/", account.login, name="account_login"),
    path("accounts/logout/", account.logout, name="account_logout"),
    path("accounts/inactive/", account.account_inactive, name="account_inactive"),
    path("accounts/signup/", account.signup, name="account_signup"),
    path("accounts/reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("accounts/password/change/", account.password_change, name="account_change_password"),
    path("accounts/tokens/", accounts.tokens, name="api_tokens"),
    path("accounts/tokens/<int:pk>/revoke", accounts.revoke, name="api_token_revoke"),
    path("api/", api.urls),
    re_path(r"^api/", unknown),
    path("admin/", admin.site.urls),
    path("v1/", include("videos.api.openai.urls")),
    re_path(API_PATH, unknown),
    path("", include("billing.urls")),
    path("", include("videos.urls")),
]
