"""Every page under the rules of axe, in both themes, at the width of a phone and of a desk."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.e2e.conftest import USERNAME, sign_in
from tests.running import Studio

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def a_video(studio: Studio) -> str:
    made = studio.manage("generate_video", "A quiet lake at dawn", "--user", USERNAME, "--wait")
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


@pytest.fixture(scope="module")
def a_character(studio: Studio, a_video: str) -> str:
    """Made of the video; how far it has come does not matter."""
    make = (
        "from videos.models import Video; from videos.casting import make_from;"
        f"video = Video.objects.get(public_id='{a_video}');"
        "print(make_from(video.owner, 'Mara', video).public_id)"
    )
    made = studio.manage("shell", "-v", "0", "-c", make)
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


def _violations(page: Page) -> list[str]:
    return [
        f"{page.url}: {rule['id']}: {node['target']}"
        for rule in Axe().run(page).response["violations"]
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("theme", ["dark", "light"])
def test_no_page_breaks_a_rule(
    browser: Browser, studio: Studio, a_video: str, a_character: str, theme: str, width: int
):
    paths = [
        "/",
        "/?template=1",
        "/library/",
        "/templates/",
        "/templates/new",
        "/history/",
        f"/videos/{a_video}/",
        f"/videos/{a_video}/trash",
        f"/videos/{a_video}/remix",
        f"/videos/{a_video}/edit",
        f"/videos/{a_video}/extend",
        f"/videos/{a_video}/character",
        f"/?like={a_video}",
        "/characters/",
        f"/characters/{a_character}/delete",
        "/trash/",
        "/accounts/password/change/",
        "/accounts/tokens/",
    ]
    with browser.new_context(color_scheme=theme, viewport={"width": width, "height": 844}) as context:
        page = context.new_page()
        page.goto(studio.url)
        found = _violations(page)
        sign_in(page, studio)
        for path in [*paths, "/videos/video_nobody_has/"]:
            page.goto(f"{studio.url}{path}")
            found += _violations(page)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path} is too wide"
    assert found == []
