"""The studio's web process with two bare views: the cost of any view that authenticates its caller."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "contentgen.settings")

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import include, path

application = get_wsgi_application()
settings.ROOT_URLCONF = __name__


@login_not_required  # it takes a token, not a session
def bare(request: HttpRequest) -> JsonResponse:
    from videos.api.auth import authenticate

    return JsonResponse({"username": authenticate(request).user.username})


def bare_page(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=204)  # the middleware has checked the session


urlpatterns = [path("bare", bare), path("bare-page", bare_page), path("", include("contentgen.urls"))]
