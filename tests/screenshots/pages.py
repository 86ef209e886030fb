"""The page states to take screenshots of."""

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page


@dataclass(frozen=True)
class PageState:
    """One page in one state.

    `path` may refer to a video by words of its prompt: `/videos/{fox crosses}/`. `prepare` is called with the
    page before the screenshot; `full_page` is for all of the page instead of one screen.
    """

    name: str
    username: str  # whose session; empty for an anonymous visitor
    path: str
    prepare: Callable[[Page], None] = lambda page: None
    full_page: bool = True


def _select(page: Page) -> None:
    for box in page.locator(".card__select input").all()[:4]:
        box.check(force=True)


def _press(key: str) -> Callable[[Page], None]:
    return lambda page: page.keyboard.press(key)


def _open(link: str) -> Callable[[Page], None]:
    """Return a `prepare` that opens the dialog behind the link and waits until it is loaded."""

    def prepare(page: Page) -> None:
        page.get_by_role("link", name=link, exact=True).first.click()
        page.wait_for_load_state("networkidle")

    return prepare


PAGES = [
    PageState("sign-in", "", "/accounts/login/"),
    PageState("studio-empty", "carol", "/"),
    PageState("library-empty", "carol", "/library/"),
    PageState("history-empty", "carol", "/history/"),
    PageState("trash-empty", "carol", "/trash/"),
    PageState("references-empty", "carol", "/references/"),
    PageState("characters-empty", "carol", "/characters/"),
    PageState("tokens-empty", "carol", "/accounts/tokens/"),
    PageState("studio-busy", "bob", "/"),
    PageState("library-busy", "bob", "/library/"),
    PageState("video-running", "bob", "/videos/{red kite}/"),
    PageState("video-needs-decision", "bob", "/videos/{Two koi}/"),
    PageState("video-failed", "bob", "/videos/{street of umbrellas}/"),
    PageState("studio", "alice", "/"),
    PageState("studio-template", "alice", "/?template=1"),
    PageState("library", "alice", "/library/"),
    PageState("library-selected", "alice", "/library/", _select, full_page=False),
    PageState("library-filtered", "alice", "/library/?q=light&model=sora-2&sort=longest"),
    PageState("library-no-results", "alice", "/library/?q=nowhere"),
    PageState("shortcuts", "alice", "/library/", _press("?"), full_page=False),
    PageState("video", "alice", "/videos/{lighthouse in fog at last}/"),
    PageState("video-tall", "alice", "/videos/{Jellyfish pulse}/"),
    PageState("video-remix", "alice", "/videos/{lighthouse in fog at first}/remix"),
    PageState("video-extend", "alice", "/videos/{lighthouse in fog at first}/extend"),
    PageState("video-character", "alice", "/videos/{fox crosses}/character"),
    PageState("compare", "alice", "/compare?id={lighthouse in fog at first}&id={lighthouse in fog at last}"),
    PageState("compare-mixed", "alice", "/compare?id={fox crosses}&id={Jellyfish}&id={Ink spreads}"),
    PageState("references", "alice", "/references/"),
    PageState("references-picked", "alice", "/", _open("Your images"), full_page=False),
    PageState("video-take", "alice", "/videos/{paper crane unfolds}/"),
    PageState("templates", "alice", "/templates/"),
    PageState("template-new", "alice", "/templates/new"),
    PageState("history", "alice", "/history/"),
    PageState("spend", "alice", "/spend/"),
    PageState("history-dialog", "alice", "/", _open("Prompt history"), full_page=False),
    PageState("trash", "alice", "/trash/"),
    PageState("characters", "alice", "/characters/"),
    PageState("tokens", "alice", "/accounts/tokens/"),
    PageState("account-activity", "alice", "/accounts/activity/"),
    PageState("account-data", "alice", "/account/data/"),
    PageState("account-offers", "alice", "/accounts/offers/"),
    PageState("password", "alice", "/accounts/password/change/"),
    PageState("not-found", "alice", "/nowhere"),
    PageState("api-docs", "alice", "/api/docs", full_page=False),
]
