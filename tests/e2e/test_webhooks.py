"""A webhook from the page where it is added to a receiver that fails at first, with real workers."""

import signal
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from standardwebhooks import Webhook

from tests.backends.server import Server, reply
from tests.e2e.accessibility import find_violations
from tests.e2e.conftest import sign_in, start_studio
from tests.studio import NewDataDir, Studio, wait_until

pytestmark = pytest.mark.e2e

PUBLISH = """
from django.db import transaction
from accounts.models import User
from contentgen.events import Event, EventKind, publish
alice = User.objects.get(username="alice")
for number in range(3):
    with transaction.atomic():
        publish(Event(EventKind.VIDEO_COMPLETED, alice.pk, f"video_{number}", {"model": "sora-2"}))"""


@pytest.fixture(scope="module")
def telling(
    services: dict[str, str], new_data_dir: NewDataDir, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Studio]:
    """A studio whose webhooks may go to this machine, and that tries again after seconds instead of hours."""
    settings = {"WEBHOOK_PRIVATE_ADDRESSES": "1", "WEBHOOK_RETRY_SECONDS": "1,1,2,2,3,3,5,5,5"}
    studio = start_studio({**services, **settings}, new_data_dir(tmp_path_factory.mktemp("telling") / "data"))
    yield studio
    assert studio.stop(signal.SIGINT) == 0
    assert "Traceback" not in studio.log.read_text()


@pytest.fixture
def receiver() -> Iterator[Server]:
    with Server(reply(200, b"thank you")) as running:
        yield running


def test_from_adding_one_to_the_log(telling: Studio, receiver: Server, context):
    page: Page = context.new_page()
    sign_in(page, telling)
    page.goto(f"{telling.url}/accounts/profile/")
    page.get_by_role("link", name="Webhooks").click()
    page.get_by_role("link", name="Add webhook").click()
    page.get_by_label("Address").fill(receiver.url)
    page.get_by_label("Description").fill("My receiver")
    page.get_by_label("A video is done").check()
    found = find_violations(page)
    page.get_by_role("button", name="Add webhook").click()
    secret = page.get_by_label("Signing secret", exact=True).input_value()
    found += find_violations(page)

    page.get_by_role("button", name="Send test").click()
    row = page.locator("#log .item").first
    expect(row).to_contain_text("Delivered", timeout=30_000)
    expect(row).to_contain_text("webhook.test")
    row.get_by_text("Details").click()
    expect(row).to_contain_text("thank you")
    found += find_violations(page)
    assert found == []
    (request,) = receiver.requests
    assert Webhook(secret).verify(request.body, request.headers)["type"] == "webhook.test"

    receiver.answers = [*[reply(503)] * 8, reply(204)]
    published = telling.manage("shell", "-v", "0", "-c", PUBLISH)
    assert published.returncode == 0, published.stderr
    wait_until(lambda: len(_delivered_ids(receiver)) == 3)
    for each in receiver.requests:
        Webhook(secret).verify(each.body, each.headers)
    failed = {each.headers["webhook-id"] for each in receiver.requests[1:9]}
    assert failed <= _delivered_ids(receiver)

    page.reload()
    expect(page.locator("#log .item")).to_have_count(4)
    page.get_by_role("button", name="Resend video.completed").first.click()
    wait_until(lambda: len(receiver.requests) >= 13)
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Paused", exact=True)).to_be_visible()


def _delivered_ids(receiver: Server) -> set[str]:
    """The ids of the messages that came after the test and the eight failures."""
    return {each.headers["webhook-id"] for each in receiver.requests[9:]}
