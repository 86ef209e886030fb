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


def _pick_image(page: Page) -> None:
    toggle = page.locator("#settings-toggle")
    if toggle.is_visible():  # on a phone
        toggle.click()
    _open("Your images")(page)


def _ring(page: Page) -> None:
    page.locator("#bell summary").click()
    page.get_by_role("link", name="Preferences").wait_for()


def _open_menu(page: Page) -> None:
    page.locator("summary[aria-label^='Account']").click()


def _open_in_admin(words: str) -> Callable[[Page], None]:
    """Return a `prepare` that searches the administration's list of videos, and opens the first one."""

    def prepare(page: Page) -> None:
        page.locator("#searchbar").fill(words)
        page.keyboard.press("Enter")
        page.locator("#result_list .field-title a", has_text=words).first.click()
        page.wait_for_load_state("networkidle")

    return prepare


def _ask_about(words: str, action: str) -> Callable[[Page], None]:
    """Return a `prepare` that opens the page on which an action of the list of videos is confirmed."""

    def prepare(page: Page) -> None:
        page.locator("#searchbar").fill(words)
        page.keyboard.press("Enter")
        page.locator("#result_list tr", has_text=words).first.locator(".action-select").check()
        page.locator("select[name=action]").select_option(action)
        page.get_by_role("button", name="Go").click()
        page.wait_for_load_state("networkidle")

    return prepare


def _unfold_filter(name: str) -> Callable[[Page], None]:
    return lambda page: page.locator("#changelist-filter summary", has_text=name).first.click()


def _open_first(page: Page) -> None:
    page.locator("#result_list tbody th a").first.click()
    page.wait_for_load_state("networkidle")


def _unfold_account_pages(page: Page) -> None:
    summary = page.locator(".account__menu summary")
    if summary.is_visible():
        summary.click()


def _open_webhook(name: str) -> Callable[[Page], None]:
    """Return a `prepare` that opens the page of a webhook, and its latest delivery."""

    def prepare(page: Page) -> None:
        page.locator(".item__name a", has_text=name).click()
        page.locator("#log details summary").first.click()

    return prepare


def _check_table(page: Page, table: str) -> None:
    page.get_by_label("Table", exact=True).fill(table)
    page.get_by_role("button", name="Check and price").click()
    page.wait_for_load_state("networkidle")


def _check_faulty_batch(page: Page) -> None:
    _check_table(page, "prompt,seconds\nA fox in the snow,5\n,4\n")


def _check_batch(page: Page) -> None:
    rows = "".join(f"A paper boat number {n} on a rainy street,4,shot-{n}\n" for n in range(12))
    _check_table(page, f"prompt,seconds,key\n{rows}")


ADMIN_VIDEOS = "/admin/videos/video/"

PAGES = [
    PageState("sign-in", "", "/accounts/login/"),
    PageState("shared-video", "", "/s/screenshots-video/"),
    PageState("shared-collection", "", "/s/screenshots-collection/"),
    PageState("shared-password", "", "/s/screenshots-password/"),
    PageState("shared-revoked", "", "/s/screenshots-revoked/"),
    PageState("studio-empty", "carol", "/"),
    PageState("library-empty", "carol", "/library/"),
    PageState("history-empty", "carol", "/history/"),
    PageState("trash-empty", "carol", "/trash/"),
    PageState("batches-empty", "carol", "/batches/"),
    PageState("batch-new", "carol", "/batches/new"),
    PageState("batch-faults", "carol", "/batches/new", _check_faulty_batch),
    PageState("batch-ready", "carol", "/batches/new", _check_batch),
    PageState("batch-running", "bob", "/batches/batch_running/"),
    PageState("batch-done", "alice", "/batches/batch_done/"),
    PageState("batches", "alice", "/batches/"),
    PageState("admin", "alice", "/admin/"),
    PageState("admin-videos", "alice", "/admin/videos/video/"),
    PageState("admin-videos-state", "alice", ADMIN_VIDEOS, _unfold_filter("State"), full_page=False),
    PageState("admin-videos-date", "alice", ADMIN_VIDEOS, _unfold_filter("Date"), full_page=False),
    PageState("admin-video", "alice", ADMIN_VIDEOS, _open_in_admin("lighthouse in fog at first")),
    PageState("admin-video-failed", "alice", ADMIN_VIDEOS, _open_in_admin("street of umbrellas")),
    PageState("admin-video-running", "alice", ADMIN_VIDEOS, _open_in_admin("red kite")),
    PageState("admin-video-decision", "alice", ADMIN_VIDEOS, _open_in_admin("Two koi")),
    PageState("admin-check-again", "alice", ADMIN_VIDEOS, _ask_about("Two koi", "check_again")),
    PageState("admin-retry", "alice", ADMIN_VIDEOS, _ask_about("street of umbrellas", "retry")),
    PageState("admin-cancel", "alice", ADMIN_VIDEOS, _ask_about("red kite", "cancel")),
    PageState("admin-hand-over", "alice", ADMIN_VIDEOS, _ask_about("sweeping wildly", "hand_over")),
    PageState("admin-make-private", "alice", ADMIN_VIDEOS, _ask_about("sweeping wildly", "make_private")),
    PageState("admin-trash", "alice", ADMIN_VIDEOS, _ask_about("sweeping wildly", "move_to_trash")),
    PageState("admin-delete", "alice", ADMIN_VIDEOS, _ask_about("sweeping wildly", "delete_selected")),
    PageState("admin-export", "alice", ADMIN_VIDEOS, _ask_about("sweeping wildly", "export")),
    PageState("admin-users", "alice", "/admin/accounts/user/"),
    PageState("admin-user", "alice", "/admin/accounts/user/2/change/"),
    PageState("admin-user-budget", "alice", "/admin/accounts/user/2/budget/"),
    PageState("admin-backends", "alice", "/admin/videos/backend/"),
    PageState("admin-backend", "alice", "/admin/videos/backend/1/change/"),
    PageState("admin-backend-add", "alice", "/admin/videos/backend/add/?by_hand=1"),
    PageState("admin-backend-delete", "alice", "/admin/videos/backend/1/delete/"),
    PageState("admin-connect", "alice", "/connect/videos-api/"),
    PageState("admin-models", "alice", "/admin/videos/videomodel/"),
    PageState("admin-model", "alice", "/admin/videos/videomodel/", _open_first),
    PageState("admin-submissions", "alice", "/admin/videos/studiostate/"),
    PageState("admin-batches", "alice", "/admin/videos/batch/"),
    PageState("admin-batch", "alice", "/admin/videos/batch/", _open_first),
    PageState("admin-collections", "alice", "/admin/videos/collection/"),
    PageState("admin-templates", "alice", "/admin/videos/prompttemplate/"),
    PageState("admin-notifications", "alice", "/admin/notifications/notification/"),
    PageState("admin-webhooks", "alice", "/admin/webhooks/endpoint/"),
    PageState("admin-deliveries", "alice", "/admin/webhooks/delivery/"),
    PageState("admin-ledger", "alice", "/admin/billing/ledgerline/"),
    PageState("admin-ledger-line", "alice", "/admin/billing/ledgerline/", _open_first),
    PageState("admin-user-delete", "alice", "/admin/accounts/user/2/delete/"),
    PageState("admin-password", "alice", "/admin/accounts/user/2/password/"),
    PageState("admin-audit", "alice", "/admin/audit/entry/"),
    PageState("queue", "bob", "/queue/"),
    PageState("queues", "alice", "/queues/"),
    PageState("expiring-empty", "alice", "/library/expiring"),
    PageState("references-empty", "carol", "/references/"),
    PageState("characters-empty", "carol", "/characters/"),
    PageState("tokens-empty", "carol", "/accounts/tokens/"),
    PageState("notifications-empty", "carol", "/notifications/"),
    PageState("bell-empty", "carol", "/library/", _ring, full_page=False),
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
    PageState("library-shared", "dora", "/library/?scope=shared"),
    PageState("library-viewer", "dora", "/library/"),
    PageState("collections", "alice", "/collections/"),
    PageState("collections-empty", "carol", "/collections/?whose=own"),
    PageState("collection", "alice", "/collections/collection_spring/"),
    PageState("collection-shared", "dora", "/collections/collection_spring/"),
    PageState("collection-empty", "alice", "/collections/collection_empty/"),
    PageState("collection-edit", "alice", "/collections/collection_spring/edit"),
    PageState("collection-people", "alice", "/collections/collection_spring/people"),
    PageState("studio-collection", "alice", "/?collection=collection_spring", full_page=False),
    PageState("video-shared", "dora", "/videos/{fox crosses}/"),
    PageState("shortcuts", "alice", "/library/", _press("?"), full_page=False),
    PageState("video", "alice", "/videos/{lighthouse in fog at last}/"),
    PageState("video-tall", "alice", "/videos/{Jellyfish pulse}/"),
    PageState("video-remix", "alice", "/videos/{lighthouse in fog at last}/remix"),
    PageState("video-extend", "alice", "/videos/{lighthouse in fog at first}/extend"),
    PageState("video-character", "alice", "/videos/{fox crosses}/character"),
    PageState("compare", "alice", "/compare?id={lighthouse in fog at first}&id={lighthouse in fog at last}"),
    PageState("compare-mixed", "alice", "/compare?id={fox crosses}&id={Jellyfish}&id={Ink spreads}"),
    PageState("references", "alice", "/references/"),
    PageState("references-picked", "alice", "/", _pick_image, full_page=False),
    PageState("video-take", "alice", "/videos/{paper crane unfolds}/"),
    PageState("templates", "alice", "/templates/"),
    PageState("template-new", "alice", "/templates/new"),
    PageState("history", "alice", "/history/"),
    PageState("spend", "alice", "/spend/"),
    PageState("spend-people", "alice", "/spend/?by=person"),
    PageState("budgets", "alice", "/budgets/"),
    PageState("approvals", "alice", "/approvals/"),
    PageState("approval", "alice", "/approvals/", _open("A paper boat in a storm")),
    PageState("approvals-own", "bob", "/approvals/"),
    PageState("approvals-empty", "carol", "/approvals/"),
    PageState("notifications", "alice", "/notifications/"),
    PageState("bell", "alice", "/library/", _ring, full_page=False),
    PageState("notification-preferences", "alice", "/account/notifications/"),
    PageState("profile", "alice", "/accounts/profile/"),
    PageState("account-menu", "alice", "/library/", _open_menu, full_page=False),
    PageState("account-pages", "alice", "/accounts/sign-in/", _unfold_account_pages, full_page=False),
    PageState("team", "alice", "/team/"),
    PageState("invitations", "alice", "/accounts/invitations/"),
    PageState("sessions", "alice", "/accounts/sessions/"),
    PageState("history-dialog", "alice", "/", _open("Prompt history"), full_page=False),
    PageState("trash", "alice", "/trash/"),
    PageState("characters", "alice", "/characters/"),
    PageState("share-links", "alice", "/links/"),
    PageState("share", "alice", "/videos/{lighthouse in fog at first}/share"),
    PageState("tokens", "alice", "/accounts/tokens/"),
    PageState("webhooks-empty", "carol", "/accounts/webhooks/"),
    PageState("webhooks", "alice", "/accounts/webhooks/"),
    PageState("webhook-new", "alice", "/accounts/webhooks/new"),
    PageState("webhook", "alice", "/accounts/webhooks/", _open_webhook("My editing script")),
    PageState("webhook-disabled", "alice", "/accounts/webhooks/", _open_webhook("https://old")),
    PageState("account-activity", "alice", "/accounts/activity/"),
    PageState("account-data", "alice", "/account/data/"),
    PageState("account-offers", "alice", "/accounts/offers/"),
    PageState("password", "alice", "/accounts/password/change/"),
    PageState("not-found", "alice", "/nowhere"),
    PageState("api-docs", "alice", "/api/docs", full_page=False),
]
