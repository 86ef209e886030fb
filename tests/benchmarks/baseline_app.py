"""The studio's web process with two bare views: the cost of any view that authenticates its caller."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "contentgen.settings")

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import include, path

application = get_wsgi_application()
settings.ROOT_URLCONF = __name__


def bare(request: HttpRequest) -> JsonResponse:
    from videos.api.auth import authenticate

    return JsonResponse({"username": authenticate(request).user.username})


def bare_page(request: HttpRequest) -> HttpResponse:
    if not request.user.is_authenticated:
        return HttpResponse(status=403)
    return HttpResponse(status=204)


urlpatterns = [path("bare", bare), path("bare-page", bare_page), path("", include("contentgen.urls"))]
