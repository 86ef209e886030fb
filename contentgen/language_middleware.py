"""Middleware that chooses the language of a page."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.cache import patch_vary_headers

from accounts import languages
from contentgen.middleware import View
from videos.api.paths import is_api_path


class LanguageMiddleware:
    """Writes pages in the language that the browser asks for. `PreferencesMiddleware` knows who chose one.

    Answers of the APIs are for programs, which look for the English words.
    """

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if is_api_path(request.path_info):
            return self.get_response(request)
        with translation.override(languages.asked_for(request)):
            response = self.get_response(request)
            if response.headers.get("Content-Type", "").startswith("text/html"):
                response.headers.setdefault("Content-Language", translation.get_language())
                patch_vary_headers(response, ["Accept-Language"])
            return response
