"""The pages to take, and who looks at them."""

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page


@dataclass(frozen=True)
class Scene:
    """One page in one state. `path` may name a video by what its prompt contains: `/videos/{fox crosses}/`.
    `then` is done in the page before the picture is taken; `whole` takes all of the page, not one screen.
    """

    name: str
    who: str  # nobody, or whose session
    path: str
    then: Callable[[Page], None] = lambda page: None
    whole: bool = True


def _select(page: Page) -> None:
    for box in page.locator(".card__select input").all()[:4]:
        box.check(force=True)


def _press(key: str) -> Callable[[Page], None]:
    return lambda page: page.keyboard.press(key)


def _open(link: str) -> Callable[[Page], None]:
    """Open the dialog that the link leads to, and wait for what it fetches."""

    def then(page: Page) -> None:
        page.get_by_role("link", name=link, exact=True).first.click()
        page.wait_for_load_state("networkidle")

    return then


SCENES = [
    Scene("sign-in", "", "/accounts/login/"),
    Scene("studio-empty", "carol", "/"),
    Scene("library-empty", "carol", "/library/"),
    Scene("history-empty", "carol", "/history/"),
    Scene("trash-empty", "carol", "/trash/"),
    Scene("references-empty", "carol", "/references/"),
    Scene("characters-empty", "carol", "/characters/"),
    Scene("tokens-empty", "carol", "/accounts/tokens/"),
    Scene("studio-busy", "bob", "/"),
    Scene("library-busy", "bob", "/library/"),
    Scene("video-running", "bob", "/videos/{red kite}/"),
    Scene("video-asks", "bob", "/videos/{Two koi}/"),
    Scene("video-failed", "bob", "/videos/{street of umbrellas}/"),
    Scene("studio", "alice", "/"),
    Scene("studio-template", "alice", "/?template=1"),
    Scene("library", "alice", "/library/"),
    Scene("library-selected", "alice", "/library/", _select, whole=False),
    Scene("library-filtered", "alice", "/library/?q=light&model=sora-2&sort=longest"),
    Scene("library-nothing", "alice", "/library/?q=nowhere"),
    Scene("keys", "alice", "/library/", _press("?"), whole=False),
    Scene("video", "alice", "/videos/{lighthouse in fog at last}/"),
    Scene("video-tall", "alice", "/videos/{Jellyfish pulse}/"),
    Scene("video-remix", "alice", "/videos/{lighthouse in fog at first}/remix"),
    Scene("video-extend", "alice", "/videos/{lighthouse in fog at first}/extend"),
    Scene("video-character", "alice", "/videos/{fox crosses}/character"),
    Scene("compare", "alice", "/compare?id={lighthouse in fog at first}&id={lighthouse in fog at last}"),
    Scene("compare-mixed", "alice", "/compare?id={fox crosses}&id={Jellyfish}&id={Ink spreads}"),
    Scene("references", "alice", "/references/"),
    Scene("references-picked", "alice", "/", _open("Your images"), whole=False),
    Scene("video-take", "alice", "/videos/{paper crane unfolds}/"),
    Scene("templates", "alice", "/templates/"),
    Scene("template-new", "alice", "/templates/new"),
    Scene("history", "alice", "/history/"),
    Scene("history-dialog", "alice", "/", _open("Prompt history"), whole=False),
    Scene("trash", "alice", "/trash/"),
    Scene("characters", "alice", "/characters/"),
    Scene("tokens", "alice", "/accounts/tokens/"),
    Scene("password", "alice", "/accounts/password/change/"),
    Scene("not-found", "alice", "/nowhere"),
    Scene("api-docs", "alice", "/api/docs", whole=False),
]
