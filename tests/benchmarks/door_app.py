"""The studio's web process with one view more: what any view costs that has to know who is calling."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "contentgen.settings")

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import include, path

application = get_wsgi_application()
settings.ROOT_URLCONF = __name__


def bare(request: HttpRequest) -> JsonResponse:
    from videos.api.auth import authenticate

    return JsonResponse({"username": authenticate(request).user.username})


urlpatterns = [path("bare", bare), path("", include("contentgen.urls"))]
