"""What a link opens, and for how long: every page and file behind one is found here.

Nothing here is cached: what is revoked, expired, trashed or deleted, and what belongs to somebody who may no
longer share, is gone with the next request.
"""

from contextlib import suppress

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from django.conf import settings
from django.utils.crypto import salted_hmac
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode
from django.utils.translation import gettext, gettext_noop

from accounts.roles import may_create
from videos.models import Collection, ShareLink, State, Video
from videos.models.video_queries import VideoQuerySet
from videos.services.share_links import digest_of

_ITEM_SALT = "videos.share_link.item"
_ASK_AGAIN = gettext_noop("Ask whoever sent it to you for a new link.")


class ClosedLinkError(Exception):
    """A link opens nothing, or not what was asked for: a status, a heading, and a sentence for visitors.

    None of them says whose link it was, or what it led to.
    """

    def __init__(self, status: int, heading: str, sentence: str) -> None:
        super().__init__(heading)
        self.status, self.heading, self.sentence = status, heading, sentence


def find_link(secret: str) -> ShareLink:
    """Return the link with this secret, if it works now. One query. Raises `ClosedLinkError`."""
    rows = ShareLink.objects.select_related("owner", "video", "collection")
    link = rows.filter(digest=digest_of(secret)).first() if settings.SHARE_LINKS else None
    if link is None:
        raise ClosedLinkError(
            404, gettext("There is no such link"), gettext("Check that you copied all of it.")
        )
    if link.status == "expired":
        raise ClosedLinkError(410, gettext("This link has expired"), gettext(_ASK_AGAIN))
    if link.status == "revoked" or not may_create(link.owner):
        raise ClosedLinkError(410, gettext("This link no longer works"), gettext(_ASK_AGAIN))
    if link.stopped_because:
        is_video = link.video_id is not None
        heading = (
            gettext("This video is no longer shared")
            if is_video
            else gettext("This collection is no longer shared")
        )
        raise ClosedLinkError(410, heading, gettext(_ASK_AGAIN))
    return link


def shared_videos(link: ShareLink) -> VideoQuerySet:
    """Return the videos that a link leads to, newest first: finished ones, without the trash."""
    finished = Video.objects.filter(state=State.COMPLETED, deleted_at=None).not_trashed().exclude(file="")
    if link.video_id:
        return finished.filter(pk=link.video_id)
    return finished.filter(collection_items__collection=link.collection_id).order_by("-pk")


def find_video(link: ShareLink, item: str) -> Video:
    """Return one of the link's videos by its `item_name`; of a link to a video, that. Raises
    `ClosedLinkError`.
    """
    if link.video is not None and not item:
        return link.video
    pk = read_item(link, item) if link.collection_id else None
    video = shared_videos(link).filter(pk=pk).first() if pk is not None else None
    if video is None:
        sentence = gettext("Others of the collection may be.") if link.collection_id else gettext(_ASK_AGAIN)
        raise ClosedLinkError(410, gettext("This video is no longer shared"), sentence)
    return video


def item_name(link: ShareLink, video: Video) -> str:
    """Return how an address below the link names one video of its collection; empty for a link to a video.

    It is the row's number, encrypted for this link alone (AES-SIV, RFC 5297): the same at each request, so
    that browsers can keep what they have, and of no use to whoever looks for ids or counts videos.
    """
    if link.collection_id is None:
        return ""
    cipher = _item_cipher(settings.SECRET_KEY)
    return urlsafe_base64_encode(cipher.encrypt(video.pk.to_bytes(8), [link.digest.encode()]))


def read_item(link: ShareLink, name: str) -> int | None:
    """Return the key of the video that `item_name` named, whether it is still shared or not; else None."""
    for secret_key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        with suppress(InvalidTag, ValueError):
            sealed = urlsafe_base64_decode(name)
            return int.from_bytes(_item_cipher(secret_key).decrypt(sealed, [link.digest.encode()]))
    return None


def _item_cipher(secret_key: str) -> AESSIV:
    return AESSIV(salted_hmac(_ITEM_SALT, "", secret=secret_key, algorithm="sha256").digest())


def heading_of(link: ShareLink, video: Video | None = None) -> str:
    """Return what the page is called: the link's title, the collection's name, or the prompt if it is shown.

    `video` is the one that the page shows; None for the page of a collection.
    """
    if video is not None and link.shows_prompt and (link.collection_id or not link.title):
        return " ".join(video.prompt.split())
    collection: Collection | None = link.collection
    return link.title or (collection.name if collection is not None else gettext("Shared video"))
