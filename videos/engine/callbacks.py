"""Where services call back: an address for one video, which nobody can guess.

It holds a ticket, signed with the studio's own key, for services that do not sign what they send, or whose
secret the studio has not been given. Whoever has it can hint at that video, and nothing else.
"""

from django.conf import settings
from django.core.signing import Signer
from django.urls import reverse
from django.utils.crypto import constant_time_compare

from contentgen.public_url import public_address
from videos.models import Video


def callback_url(video: Video) -> str:
    """Return the address for the services that are told one with each job. Empty unless the studio has a
    public address with HTTPS, without which none of them calls.
    """
    if not settings.PUBLIC_URL.startswith("https://"):
        return ""
    path = reverse("webhook_of_video", args=[video.backend_id, video.public_id, _ticket(video.public_id)])
    return public_address(path)


def is_ticket(public_id: str, ticket: str) -> bool:
    """Whether `ticket` is the one of the video with that id, whether there is such a video or not."""
    return constant_time_compare(_ticket(public_id), ticket)


def _ticket(public_id: str) -> str:
    return Signer(salt="videos.webhook").signature(public_id)
