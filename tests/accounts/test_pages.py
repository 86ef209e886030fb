import pytest
from django.template.loader import get_template
from django.test import Client, RequestFactory
from django.urls import reverse
from django.views.defaults import bad_request, permission_denied, server_error

pytestmark = pytest.mark.django_db
OURS = 'css/core.css"'


def test_every_page_keeps_to_the_policy(client):
    response = client.get(reverse("account_login"))
    assert "default-src 'self'" in response["Content-Security-Policy"]
    assert "unsafe" not in response["Content-Security-Policy"]
    assert " style=" not in response.content.decode()


def test_a_page_that_is_not_there_says_so(as_alice):
    response = as_alice.get("/nowhere")
    assert response.status_code == 404
    assert OURS in response.content.decode()
    assert "have access to it" in response.content.decode()


def test_the_error_pages_are_ours(rf: RequestFactory):
    for view in (bad_request, permission_denied):
        request = rf.get("/")
        assert OURS in view(request, Exception()).content.decode()


def test_the_last_page_needs_nothing(rf: RequestFactory, django_assert_num_queries, settings):
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    }
    with django_assert_num_queries(0):
        page = server_error(rf.get("/")).content.decode()
    assert OURS in page
    assert "Something went wrong" in page


def test_too_many_tries_are_told_so(client):
    assert "Too many requests" in get_template("429.html").render({}, RequestFactory().get("/"))


@pytest.mark.parametrize("template", ["account/account_inactive.html", "account/reauthenticate.html"])
def test_the_rare_account_pages_are_ours(template):
    assert OURS in get_template(template).render({}, RequestFactory().get("/"))


def test_a_missing_csrf_token_is_told_in_our_words():
    response = Client(enforce_csrf_checks=True).post(reverse("account_login"), {})
    assert response.status_code == 403
    assert OURS in response.content.decode()


def test_no_page_may_use_what_none_needs(client):
    policy = client.get(reverse("account_login"))["Permissions-Policy"]

    for feature in ("camera", "microphone", "geolocation", "payment", "usb"):
        assert f"{feature}=()" in policy
