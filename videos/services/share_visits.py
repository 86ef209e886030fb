"""How often a link was opened, counted without keeping anything of who it was."""

import re

from django.core.cache import cache
from django.db.models import F
from django.utils.crypto import salted_hmac

from videos.models import ShareLink

SAME_VISIT = 1800  # seconds in which a page that is opened again is no further view

# What fetches a page to preview or index it, as far as it says so. Chat services name themselves, and so do
# the libraries that scripts use; all that claims to be no browser is none.
_PREVIEW = re.compile(
    "bot|crawl|spider|preview|facebookexternalhit|facebookcatalog|whatsapp|slack|skype|teams|embedly|iframely"
    "|vkshare|pinterest|mastodon|matrix|synapse|mattermost|rocket|zulip|signal|curl|wget|python|go-http|okhttp"
    "|java/|ruby|headless-fetch|node-fetch|axios|undici|cfnetwork|google-|lighthouse",
    re.IGNORECASE,
)


def count_view(link: ShareLink, *, network: str, user_agent: str) -> bool:
    """Count a view of the link, unless it is a preview or the same visit as before. Returns whether it was.

    That it is the same visit is known for half an hour by a keyed hash of network and browser, in the cache
    alone: no row and no log names a visitor, and nothing links the visits to two links.
    """
    if not user_agent.startswith("Mozilla/") or _PREVIEW.search(user_agent):
        return False
    visit = salted_hmac("videos.share_link.visit", f"{link.pk} {network} {user_agent}", algorithm="sha256")
    if not cache.add(f"share-visit:{visit.hexdigest()}", True, SAME_VISIT):
        return False
    ShareLink.objects.filter(pk=link.pk).update(views=F("views") + 1)
    return True
