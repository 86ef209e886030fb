"""The password of a link: how often it may be guessed, and how a browser that knew it is remembered."""

from django.contrib.auth.hashers import check_password
from django.core import signing
from django.core.cache import cache
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext

from accounts.sign_in_limits import Limit
from videos.models import ShareLink
from videos.services.share_links import MAX_PASSWORD
from videos.services.shared import ClosedLinkError

UNLOCKED_FOR = 12 * 3600  # seconds, also where a browser keeps its session for weeks

_SALT = "videos.share_link.unlocked"
_FROM_NETWORK = Limit("share-password", 5, 300)  # for one link
_FOR_LINK = Limit("share-password-link", 50, 3600)  # from anywhere
_UNDER_ATTACK = Limit("share-password-under-attack", 1, 300)  # from each network


def is_right_password(link: ShareLink, password: str, network: str) -> bool:
    """Whether this is the link's password. A right one takes its try back.

    The try is counted before the password is looked at, because many may be made at once. Guesses from many
    networks leave each a single try at a time, but never none: whoever knows the password gets in. Raises
    `ClosedLinkError` 429 where there were too many.
    """
    of_link = _FOR_LINK.key(str(link.pk))
    limit = _FROM_NETWORK if _FOR_LINK.count(of_link) else _UNDER_ATTACK
    of_both = limit.key(str(link.pk), network)
    if not limit.count(of_both):
        raise ClosedLinkError(429, gettext("Too many tries"), gettext("Wait five minutes, then try again."))
    is_right = len(password) <= MAX_PASSWORD and check_password(password, link.password)
    if is_right:
        _forgive(of_link, of_both)
    return is_right


def unlocking_cookie(link: ShareLink) -> str:
    """Return what a browser is given that knew the password. It opens this link alone, for `UNLOCKED_FOR`."""
    return signing.dumps([link.pk, _mark(link)], salt=_SALT)


def is_unlocked(link: ShareLink, cookie: str) -> bool:
    """Whether the link needs no password, or the browser has shown that it knew it."""
    if not link.password:
        return True
    try:
        pk, mark = signing.loads(cookie, salt=_SALT, max_age=UNLOCKED_FOR)
    except (signing.BadSignature, TypeError, ValueError):
        return False
    return bool(pk == link.pk and constant_time_compare(mark, _mark(link)))


def _mark(link: ShareLink) -> str:
    return salted_hmac(_SALT, link.password, algorithm="sha256").hexdigest()


def _forgive(*keys: str) -> None:
    for key in keys:
        try:
            cache.decr(key)
        except ValueError:  # it expired meanwhile
            continue
