"""Every URL of the resolver, requested by nobody: it is closed, or declared here with a reason.

A URL that is added is requested without further ado. One that is meant to be open needs `login_not_required`
and an entry in `OPEN`.
"""

from collections.abc import Callable
from types import ModuleType
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import get_resolver, path
from django.views.decorators.http import require_POST

from accounts.models import User
from tests.contentgen.routes import address_of, routes_of
from tests.factories import VideoFactory
from videos.models import State, Video

pytestmark = pytest.mark.django_db

OPEN = {
    "health": "load balancers have no account; it says that the process runs, and nothing else",
    "health/live": "the same",
    "health/startup": "load balancers have no account; it says which part is not there yet, never why",
    "texts/<slug:version>/<slug:language>.js": "what scripts say in other languages, at the sign-in page too",
    "metrics": "404 unless a setting opens it, and then a token does; Prometheus has no account",
    "health/ready": "monitors have no account; it says which part is down, never why",
    "accounts/login/": "the sign-in page itself",
    "health/proxy": "answers whoever can sign with the studio's SECRET_KEY",
    "accounts/logout/": "sends those who are signed out already to the sign-in page",
    "accounts/inactive/": "tells people that their account is locked",
    "accounts/signup/": "says that accounts are by invitation, or mails a link to addresses of open domains",
    "accounts/invitation/<str:secret>/": "whoever was invited has no account yet; the link is the secret",
    "accounts/password/reset/": "whoever forgot the password cannot sign in",
    "accounts/password/reset/sent/": "says that a message is on its way, if there is an account",
    "accounts/password/reset/done/": "says that the password is changed",
    "accounts/password/reset/<base36:uidb36>-<str:key>/": "where its link leads",
    "accounts/email/sent/": "says that a message is on its way",
    "accounts/email/confirm/<str:key>/": "where the link of the message leads",
    "accounts/second-factor/sign-in/": "the second step of signing in; without the first it leads back there",
    "accounts/passkeys/sign-in/": "signing in with a passkey",
    "accounts/single-sign-on/<slug:provider_id>/": "signing in at a provider",
    "accounts/single-sign-on/<slug:provider_id>/callback/": "coming back from it",
    "accounts/single-sign-on-canceled/": "says that nothing was changed",
    "admin/login/": "leads to the sign-in page itself",
    "api/": "404 in the shape of the API: there is nothing",
    "^api/": "404 in the shape of the API: whatever does not exist",
    "api/docs": "the documentation, which is no secret",
    "api/openapi.json": "the documentation, which is no secret",
    "v1/openapi.json": "the same of the other API",
    "^(?:/*)(?:[Aa][Pp][Ii]|[Vv]1)(?:/|$)": "names the right address to whoever misspells one",
    "webhooks/<int:backend_id>": "services have no account: a signature with the backend's secret opens it",
    "webhooks/<int:backend_id>/<slug:public_id>/<slug:ticket>": "a ticket that nobody can guess opens it",
    **dict.fromkeys(
        (
            *("s/<slug:secret>/", "s/<slug:secret>/video.mp4", "s/<slug:secret>/poster.webp"),
            *("s/<slug:secret>/scrub.jpg", "s/<slug:secret>/videos/<slug:item>/scrub.jpg"),
            *("s/<slug:secret>/unlock", "s/<slug:secret>/comment"),
            *("s/<slug:secret>/videos/<slug:item>/", "s/<slug:secret>/videos/<slug:item>/video.mp4"),
            *("s/<slug:secret>/videos/<slug:item>/poster.webp", "s/<slug:secret>/videos/<slug:item>/comment"),
        ),
        "whoever was sent the link may have no account; the secret opens what it leads to, while it lasts",
    ),
    "v1/": "404 in the shape of the Videos API: whatever does not exist",
}

METHODS = ("get", "post", "put", "patch", "delete")
SIGN_IN = ("/accounts/login/", "/admin/login/")  # the second leads to the first
PAGE = "/library/"  # what an HTMX request says it comes from


def _is_closed(response: HttpResponseBase, next_page: str) -> bool:
    """Whether the response is a 401, or leads to the sign-in page and from there to `next_page`."""
    target = urlsplit(response.headers.get("HX-Redirect") or response.headers.get("Location", ""))
    return response.status_code == 401 or (
        target.path in SIGN_IN and parse_qs(target.query).get("next") == [next_page]
    )


def _answers(route: tuple[str, ...]) -> dict[str, str]:
    """Return what nobody gets for each method: `closed`, or the status."""
    address, client = address_of(route), Client(raise_request_exception=False)
    htmx = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{PAGE}"}
    requests = [(method, {}, address) for method in METHODS]
    requests += [(method, htmx, PAGE) for method in ("get", "post")]
    answers = {}
    for method, headers, next_page in requests:
        response = getattr(client, method)(address, headers=headers)
        name = f"{method} by HTMX" if headers else method
        answers[name] = "closed" if _is_closed(response, next_page) else str(response.status_code)
    return answers


def _open_routes() -> dict[str, dict[str, str]]:
    """Return the routes that are not closed, with their answers. Other methods than a view's are a 405."""
    answers = {"".join(route): _answers(route) for route in set(routes_of(get_resolver()))}
    return {
        route: found
        for route, found in answers.items()
        if not {"closed"} <= set(found.values()) <= {"closed", "405"}
    }


@pytest.fixture(autouse=True)
def video(alice: User) -> Video:
    """What the addresses name, so that an open view has something to show."""
    return VideoFactory(owner=alice, pk=1, public_id="video_1", state=State.COMPLETED)


def test_everything_but_the_declared_is_closed_to_nobody(video: Video):
    before = Video.objects.values().get()

    found = _open_routes()

    assert {route: answers for route, answers in found.items() if route not in OPEN} == {}
    assert set(OPEN) - set(found) == set(), "declared as open, and closed"
    assert Video.objects.values().get() == before


def test_it_walks_pages_files_apis_and_admin():
    routes = {"".join(route) for route in routes_of(get_resolver())}

    assert len(routes) > 140
    for route in (
        "",
        "cards",
        "videos/<slug:public_id>/video.mp4",
        "api/v1/videos/generate",
        "v1/videos/<str:video_id>/content",
        "admin/videos/video/<int:object_id>/file",
        "admin/(?P<url>.*)$",
    ):
        assert route in routes


def _view() -> Callable[[HttpRequest], HttpResponse]:
    """Return a new view, because `login_not_required` marks the very function it is given."""
    return lambda request, **arguments: HttpResponse("somebody's video")


def test_it_finds_a_view_that_somebody_opens(settings):
    urls = ModuleType("urls_with_leaks")
    urls.urlpatterns = [
        path("unmarked", _view()),
        path("leak", login_not_required(_view())),
        path("leak/<slug:public_id>/by-post", login_not_required(require_POST(_view()))),
        path("accounts/login/", login_not_required(_view()), name="account_login"),
    ]
    settings.ROOT_URLCONF = urls

    assert set(_open_routes()) - set(OPEN) == {"leak", "leak/<slug:public_id>/by-post"}
