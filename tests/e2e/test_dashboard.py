"""The administration in a browser: its daily errands, and every one of its pages by axe, in both themes.

It needs no worker, so Django serves it from a thread of the tests instead of a studio of its own.
"""

import os
import re
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.contrib import admin
from django.core.cache import cache
from django.test import Client, RequestFactory
from django.urls import reverse
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from tests.contentgen.admin_rows import PK, make_rows
from tests.e2e.accessibility import APPEARANCES, find_violations
from tests.e2e.conftest import REPORT_CSP_VIOLATIONS
from tests.factories import UserFactory
from videos.models import State, Video

# Playwright's loop runs in the thread of the tests, which asks the database nevertheless, and alone.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def operator(monkeypatch: pytest.MonkeyPatch) -> User:
    """A superuser, in a studio with a row of everything."""
    make_rows(monkeypatch)
    return UserFactory(username="olga", is_staff=True, is_superuser=True)


@pytest.fixture
def context(browser: Browser, live_server: LiveServer, operator: User) -> Iterator[BrowserContext]:
    client = Client()
    client.force_login(operator)
    name = settings.SESSION_COOKIE_NAME
    cookie = {"name": name, "value": client.cookies[name].value, "url": live_server.url}
    with browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce") as context:
        context.add_cookies([cookie])  # type: ignore[list-item]  # Playwright's TypedDict
        yield context


def _addresses(user: User) -> list[str]:
    """Return the pages of every model: its list, a new one, one there is, its deletion; and some besides."""
    request = RequestFactory().get("/")
    request.user = user
    found = [reverse("admin:index"), reverse("admin:app_list", args=["videos"])]
    for model, model_admin in admin.site._registry.items():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        found.append(reverse(f"{name}_changelist"))
        if model_admin.has_add_permission(request):
            found.append(reverse(f"{name}_add"))
        row = model_admin.get_queryset(request).order_by("pk").first()
        if row is not None:
            found.append(reverse(f"{name}_change", args=[row.pk]))
            if model_admin.has_delete_permission(request, row):
                found.append(reverse(f"{name}_delete", args=[row.pk]))
    return [
        *found,
        reverse("admin:accounts_user_history", args=[PK]),
        reverse("admin:auth_user_password_change", args=[PK]),
        reverse("admin:accounts_user_budget", args=[PK]),
        f"{reverse('admin:accounts_user_changelist')}?role__exact=viewer",
    ]


def test_every_page_can_be_used_by_everybody(
    context: BrowserContext, live_server: LiveServer, operator: User
):
    page = context.new_page()
    page.add_init_script(REPORT_CSP_VIOLATIONS)
    addresses, found = _addresses(operator), []
    page.on("console", lambda said: found.append(said.text) if said.type == "error" else None)
    for address in addresses:
        response = page.goto(f"{live_server.url}{address}")
        assert response is not None
        assert response.status == 200, address
        found += find_violations(page)
        for _, width in APPEARANCES:
            page.set_viewport_size({"width": width, "height": 844})
            wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
            found += [f"{address} scrolls sideways at {width}"] if page.evaluate(wide) else []

    assert len(addresses) > 50
    assert found == []


def test_the_daily_errands(context: BrowserContext, live_server: LiveServer):
    page = context.new_page()
    page.goto(f"{live_server.url}{reverse('admin:index')}")

    _find_what_failed(page)
    _reach_a_new_backend(page)
    _give_a_budget(page)
    _switch_the_theme(page, live_server)
    _stay_calm(page)


def _home(page: Page) -> None:
    page.get_by_role("link", name="Overview").click()


def _find_what_failed(page: Page) -> None:
    expect(page.locator(".admin-card--outcomes")).to_contain_text("The backend could not make it")
    page.get_by_role("link", name=re.compile("^The backend could not make it")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Videos")
    _home(page)


def _reach_a_new_backend(page: Page) -> None:
    page.get_by_role("link", name="Add: Backends").click()
    expect(page).to_have_url(re.compile(re.escape(reverse("videos:connect"))))
    page.go_back()
    page.get_by_role("region", name=re.compile("^Backends")).get_by_role("link", name="Box").click()
    expect(page.get_by_role("heading", name="Box").first).to_be_visible()
    _home(page)


def _give_a_budget(page: Page) -> None:
    """In three clicks: the list, the person's budget, and the button that sets it."""
    page.get_by_role("navigation", name="Administration").get_by_role(
        "link", name="Users", exact=True
    ).click()
    page.get_by_role("row", name=re.compile("other")).get_by_role("link", name="None of other").click()
    page.get_by_label("Amount").fill("12.50")
    page.get_by_role("button", name="Set budget").click()
    expect(page.get_by_text("Budget set. other: $12.50 this month.")).to_be_visible()


def _switch_the_theme(page: Page, live_server: LiveServer) -> None:
    """What is chosen here holds in the studio, too."""
    page.get_by_role("button", name="Theme: system. Change").click()
    page.get_by_role("link", name="ContentGen: back to the studio").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    page.goto(f"{live_server.url}{reverse('admin:index')}")
    expect(page.locator("html")).to_have_attribute("data-theme", "light")


def _stay_calm(page: Page) -> None:
    """The dashboard renews itself, and leaves what is unfolded and where the focus is."""
    page.get_by_text("The hours as a table").click()
    page.get_by_role("link", name="In flight").focus()
    Video.objects.filter(state=State.FAILED).update(error_code="timed_out")
    cache.clear()
    page.evaluate(
        """htmx.ajax("GET", document.getElementById("dashboard").getAttribute("hx-get"),
        {source: "#dashboard", target: "#dashboard", select: "#dashboard", swap: "outerHTML"})"""
    )
    expect(page.locator(".admin-card--outcomes")).to_contain_text("Longer than the time limit")
    expect(page.locator("#dashboard-hours")).to_have_attribute("open", "")
    expect(page.get_by_role("link", name="In flight")).to_be_focused()
