"""What visitors of a shared video say, and what its owner does with it."""

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.text import normalize_newlines
from django.utils.translation import gettext

from accounts.formats import format_number
from accounts.models import User
from accounts.sign_in_limits import Limit
from audit.trail import record
from audit.vocabulary import Action
from videos import subjects
from videos.models import ShareComment, ShareLink, Video
from videos.models.share_comment import COMMENT_LIMIT, COMMENT_NAME_LIMIT
from videos.validation import clean_line, clean_text, has_visible_text, is_storable

MAX_COMMENTS = 500  # of one link

_FROM_NETWORK = Limit("share-comment", 5, 600)  # to one link
_FOR_LINK = Limit("share-comment-link", 60, 3600)  # from anywhere


class TooManyCommentsError(Exception):
    """Somebody, or everybody together, said more than is taken at a time."""


def add_comment(
    link: ShareLink, video: Video, *, author: User | None, name: str, text: str, network: str
) -> ShareComment:
    """Keep a comment of a visitor. Somebody who is signed in, `author`, speaks under the account's name.

    Raises `ValidationError` by field (`name`, `text`, or about the whole), and `TooManyCommentsError`.
    """
    shown_name, clean = _clean_name(author, name), _clean_comment(text)
    if not (_FROM_NETWORK.allows(str(link.pk), network) and _FOR_LINK.allows(str(link.pk))):
        raise TooManyCommentsError
    if ShareComment.objects.filter(link=link).count() >= MAX_COMMENTS:
        raise ValidationError({NON_FIELD_ERRORS: gettext("No more comments can be left here.")})
    return ShareComment.objects.create(link=link, video=video, author=author, name=shown_name, text=clean)


def comments_behind(link: ShareLink, video: Video) -> QuerySet[ShareComment]:
    """Return what was said about a video by whoever has the same link, newest first."""
    return ShareComment.objects.filter(link=link, video=video)


def comments_on(video: Video) -> QuerySet[ShareComment]:
    """Return what was said about a video through any link, newest first, for its owner."""
    return ShareComment.objects.filter(video=video).select_related("link")


def deletable_comments(user: User) -> QuerySet[ShareComment]:
    """Return the comments that this person may delete: on their own videos, and through their own links."""
    return ShareComment.objects.filter(Q(video__owner=user) | Q(link__owner=user))


def delete_comment(comment: ShareComment) -> None:
    """Delete a comment that may be deleted."""
    with transaction.atomic():
        record(Action.DELETED, subjects.comment(comment))
        comment.delete()


def _clean_name(author: User | None, name: str) -> str:
    if author is not None:
        return author.get_username()[:COMMENT_NAME_LIMIT]
    clean = clean_line(name)
    if not is_storable(name):
        raise ValidationError({"name": gettext("The name contains a character that cannot be stored.")})
    if not has_visible_text(clean) or len(clean) > COMMENT_NAME_LIMIT:
        raise ValidationError(
            {"name": gettext("A name must have 1 to %(count)s characters.") % {"count": COMMENT_NAME_LIMIT}}
        )
    return clean


def _clean_comment(text: str) -> str:
    text = normalize_newlines(text)
    if not is_storable(text):
        raise ValidationError({"text": gettext("The comment contains a character that cannot be stored.")})
    if not has_visible_text(text) or len(text) > COMMENT_LIMIT:
        raise ValidationError(
            {
                "text": gettext("A comment must have 1 to %(count)s characters.")
                % {"count": format_number(COMMENT_LIMIT)}
            }
        )
    return clean_text(text)
