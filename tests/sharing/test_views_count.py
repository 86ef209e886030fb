"""Views are counted, and nobody is."""

import pytest
from django.core.cache import cache
from django.test import Client

from tests.sharing.conftest import BROWSER, PASSWORD, address, read
from videos.models import ShareLink

pytestmark = pytest.mark.django_db

PREVIEWS = [
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
    "WhatsApp/2.23.20.0 A",
    "TelegramBot (like TwitterBot)",
    "Twitterbot/1.0",
    "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)",
    "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5 skype-url-preview@microsoft.com",
    "Mozilla/5.0 (Macintosh) AppleWebKit/601.2.4 (KHTML, like Gecko) facebookexternalhit/1.1 Facebot",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "curl/8.5.0",
    "python-httpx/0.28",
    "Synapse (bot; +https://github.com/matrix-org/synapse)",
    "",
]


def views(link: ShareLink) -> int:
    return ShareLink.objects.get(pk=link.pk).views


def test_a_visit_counts_once(visitor, share):
    link = share()
    visitor.get(address(link))
    visitor.get(address(link))
    assert views(link) == 1


def test_it_counts_again_later_and_from_elsewhere(visitor, share):
    link = share()
    visitor.get(address(link))
    visitor.get(address(link), REMOTE_ADDR="192.0.2.9")
    cache.clear()
    visitor.get(address(link))
    assert views(link) == 3


@pytest.mark.parametrize("agent", PREVIEWS)
def test_a_preview_is_no_view(share, agent):
    link = share()
    Client(headers={"User-Agent": agent}).get(address(link))
    assert views(link) == 0


def test_the_owners_own_visit_is_no_view(as_alice, as_bob, share):
    link = share()
    as_alice.get(address(link), headers={"User-Agent": BROWSER})
    assert views(link) == 0
    as_bob.get(address(link), headers={"User-Agent": BROWSER})
    assert views(link) == 1


def test_neither_files_nor_looks_without_a_body_count(visitor, share):
    link = share()
    visitor.head(address(link))
    visitor.get(address(link), headers={"Sec-Purpose": "prefetch;prerender"})
    for name in ("file", "poster"):
        read(visitor.get(address(link, name)))
    assert views(link) == 0


def test_a_page_that_asks_for_the_password_is_no_view(visitor, share):
    link = share(password=PASSWORD)
    visitor.get(address(link))
    assert views(link) == 0
    visitor.post(address(link, "unlock"), {"password": PASSWORD})
    visitor.get(address(link))
    assert views(link) == 1


def test_nothing_is_kept_of_who_it_was(visitor, share, monkeypatch):
    kept: list[str] = []
    add = cache.add
    monkeypatch.setattr(cache, "add", lambda key, *rest: kept.append(key) or add(key, *rest))
    link = share()
    before = {name: value for name, value in ShareLink.objects.values().get().items() if name != "views"}
    visitor.get(address(link), REMOTE_ADDR="192.0.2.9")
    after = {name: value for name, value in ShareLink.objects.values().get().items() if name != "views"}
    assert before == after
    assert kept
    assert not any("192.0.2.9" in key or "Mozilla" in key for key in kept)
