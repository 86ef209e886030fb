"""Every URL of the studio. A view that is open to everybody says so with `login_not_required`."""

from django.contrib import admin
from django.urls import include, path, re_path

from contentgen import health, proxy_echo
from contentgen.languages import texts_of_scripts
from contentgen.monitoring.views import metrics
from videos.api import webhooks
from videos.api.paths import API_PATH
from videos.api.rest.api import unknown
from videos.api.rest.views import api

handler500 = "contentgen.errors.server_error"

urlpatterns = [
    path("health", health.alive, name="health"),
    path("health/live", health.alive, name="health-live"),
    path("health/ready", health.ready, name="health-ready"),
    path("health/proxy", proxy_echo.echo),
    path("health/startup", health.started, name="health-startup"),
    path("metrics", metrics, name="metrics"),
    path("texts/<slug:version>/<slug:language>.js", texts_of_scripts, name="texts-of-scripts"),
    path("accounts/webhooks/", include("webhooks.urls")),  # those that the studio sends
    path("accounts/", include("accounts.urls")),
    path("api/", api.urls),
    re_path(r"^api/", unknown),
    # Those that services send it.
    path("webhooks/<int:backend_id>", webhooks.of_backend, name="webhook"),
    path(
        "webhooks/<int:backend_id>/<slug:public_id>/<slug:ticket>",
        webhooks.of_video,
        name="webhook_of_video",
    ),
    path("admin/", admin.site.urls),
    path("v1/", include("videos.api.openai.urls")),
    re_path(API_PATH, unknown),
    path("", include("billing.urls")),
    path("", include("notifications.urls")),
    path("", include("videos.urls")),
]
