"""What visitors without an account see behind a link: one video, or the videos of a collection.

The pages are plain: no script but the player's, and no cookie but for a password. They show nothing of whose
the videos are, of the studio, or of ids in it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from math import ceil
from pathlib import PurePath
from typing import Any

from csp.constants import NONE, SELF
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import get_token
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe
from ninja.utils import check_csrf

from accounts.client_address import client_network
from accounts.models import User
from videos.forms.share_links import CommentForm
from videos.media.file_response import (
    POSTER_TYPE,
    SCRUB_TYPE,
    StoredFile,
    file_response,
    readable_name,
)
from videos.models import ShareLink, Video
from videos.models.keyset import KeysetOrder, Position, take_page
from videos.services.share_addresses import whole_address
from videos.services.share_comments import TooManyCommentsError, add_comment, comments_behind
from videos.services.share_passwords import is_right_password, is_unlocked, unlocking_cookie
from videos.services.share_visits import count_view
from videos.services.shared import (
    ClosedLinkError,
    find_link,
    find_video,
    heading_of,
    item_name,
    read_item,
    shared_videos,
)
from videos.services.stored_files import file_for_players

_COOKIE = "share"
_PAGE_SIZE = 24  # videos of a collection
_SHOWN_COMMENTS = 50
_POSTER_WIDTH = 960  # pixels at most, as `videos.media.poster` makes them
# Browsers may keep a file, and ask each time whether they may still show it.
_FILE_CACHE_CONTROL = "private, no-cache"
# Seconds for which the address of a file in a store works, also once the link has ended. For a video, the
# time of watching it twice comes on top: browsers ask that address for each range, and not ours.
_ADDRESS_SECONDS = 60
# What the pages may do, beside what all pages may.
_NO_SCRIPTS = {"script-src": [NONE], "connect-src": [NONE]}
_SCRIPTS_OF_THE_PLAYER = {"script-src": [SELF], "connect-src": [NONE]}

_View = Callable[..., HttpResponseBase]


@dataclass(frozen=True)
class Visit:
    """A request to what a link leads to. `item` names one video of a collection; it may be empty."""

    request: HttpRequest
    link: ShareLink
    secret: str
    item: str = ""

    def url(self, name: str = "", item: str | None = None) -> str:
        """Return the path of the page, or of its `file`, `poster` and so on; of another `item`, if named."""
        item = self.item if item is None else item
        view = "_".join(filter(None, ("videos:shared", "item" if item else "", name)))
        return reverse(view, args=[self.secret, *filter(None, [item])])

    @property
    def is_unlocked(self) -> bool:
        return is_unlocked(self.link, self.request.COOKIES.get(_COOKIE, ""))

    def require_password(self) -> None:
        """Raise `ClosedLinkError` 403 unless the link has no password, or it was entered."""
        if not self.is_unlocked:
            raise ClosedLinkError(
                403, gettext("A password is needed"), gettext("Open the link itself to enter it.")
            )

    @property
    def person(self) -> User | None:
        """Who is signed in, if anybody: asked only where there is a session, so that there is no query."""
        if settings.SESSION_COOKIE_NAME not in self.request.COOKIES:
            return None
        return self.request.user if isinstance(self.request.user, User) else None


_VisitView = Callable[[Visit], HttpResponseBase]


def _for_visitors(*, opens_locked: bool = False) -> Callable[[_VisitView], _View]:
    """Decorate a view that is open to whoever has the link, and the password unless it `opens_locked`.

    Its forms are checked where an account's session counts (`comment`); without one there is nothing that
    another site could use.
    """

    def decorate(view: _VisitView) -> _View:
        @csrf_exempt
        @login_not_required
        @wraps(view)
        def open_to_visitors(request: HttpRequest, secret: str, item: str = "") -> HttpResponseBase:
            try:
                visit = Visit(request, find_link(secret), secret, item)
                if not opens_locked:
                    visit.require_password()
                response = view(visit)
            except ClosedLinkError as error:
                response = _render("shared/closed.html", {"problem": error}, error.status)
            if not hasattr(response, "_csp_update"):
                _set_policy(response, _NO_SCRIPTS)
            response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
            if not response.has_header("Cache-Control"):
                response["Cache-Control"] = "private, no-store"
            return response

        return open_to_visitors

    return decorate


def _set_policy(response: HttpResponseBase, directives: dict[str, list[str]]) -> None:
    """Tell django-csp's middleware, as its decorators do, what else this response is to say."""
    response._csp_update = directives  # type: ignore[attr-defined]


@require_safe
@_for_visitors(opens_locked=True)
def page(visit: Visit) -> HttpResponse:
    """Show the video, or the collection, or the form for the password."""
    if not visit.is_unlocked:
        return _password_page(visit)
    if visit.link.collection_id and not visit.item:
        response = _collection_page(visit)
    else:
        response = _video_page(visit, find_video(visit.link, visit.item), CommentForm())
    _count_view(visit)
    return response


@require_POST
@sensitive_post_parameters("password")
@_for_visitors(opens_locked=True)
def unlock(visit: Visit) -> HttpResponse:
    """Take the password, and remember in a cookie for this link alone that it was right."""
    response = redirect(visit.url())
    if visit.is_unlocked:
        return response
    password = visit.request.POST.get("password", "")
    if not is_right_password(visit.link, password, client_network(visit.request)):
        return _password_page(visit, is_wrong=True)
    response.set_cookie(
        _COOKIE,
        unlocking_cookie(visit.link),
        path=visit.url(item=""),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


@require_safe
@_for_visitors()
def file(visit: Visit) -> HttpResponseBase:
    """Send the video to a player, with byte ranges. Where downloads are allowed, `?download=1` saves it, and
    `?relayed=1` is as in `videos.views.files.file`.
    """
    is_download = "download" in visit.request.GET
    is_relayed = "relayed" in visit.request.GET and visit.link.allows_download
    if is_download and not visit.link.allows_download:
        raise ClosedLinkError(
            403, gettext("Downloads are off"), gettext("This video can be watched here, and not saved.")
        )
    video = find_video(visit.link, visit.item)
    stored = file_for_players(video, as_attachment=is_download)
    # The usual name is made of the prompt, or is an id.
    name = readable_name(heading_of(visit.link, video)) or "video"
    name += PurePath(stored.download_name).suffix
    seconds = _address_seconds(video)
    return _send(visit, replace(stored, download_name=name, is_relayed=is_relayed, address_seconds=seconds))


@require_safe
@_for_visitors()
def poster(visit: Visit) -> HttpResponseBase:
    return _send(visit, StoredFile(find_video(visit.link, visit.item).poster, POSTER_TYPE))


@require_safe
@_for_visitors()
def scrub(visit: Visit) -> HttpResponseBase:
    """The scrub sheet, for the player's bar."""
    return _send(visit, StoredFile(find_video(visit.link, visit.item).scrub_sheet, SCRUB_TYPE))


@require_POST
@_for_visitors()
def comment(visit: Visit) -> HttpResponse:
    """Keep what a visitor says, and show it."""
    if not visit.link.allows_comments:
        raise ClosedLinkError(403, gettext("Comments are off"), gettext("No comments can be left here."))
    if visit.person is not None and check_csrf(visit.request) is not None:
        raise ClosedLinkError(
            403, gettext("This page was open too long"), gettext("Go back, reload it, and send it again.")
        )
    video = find_video(visit.link, visit.item)
    form = CommentForm(visit.request.POST)
    done = redirect(f"{visit.url()}#comments")
    if not form.is_valid():
        return _video_page(visit, video, form, status=422)
    if form.cleaned_data["website"]:  # a program, which need not know that it was found out
        return done
    return done if _add_comment(visit, video, form) else _video_page(visit, video, form, status=422)


def _add_comment(visit: Visit, video: Video, form: CommentForm) -> bool:
    try:
        add_comment(
            visit.link,
            video,
            author=visit.person,
            name=form.cleaned_data["name"],
            text=form.cleaned_data["text"],
            network=client_network(visit.request),
        )
    except ValidationError as error:
        form.add_error(None, error)
        return False
    except TooManyCommentsError:
        raise ClosedLinkError(
            429, gettext("Too many comments"), gettext("Wait ten minutes, then send it again.")
        ) from None
    return True


def _count_view(visit: Visit) -> None:
    request = visit.request
    purpose = request.headers.get("Sec-Purpose", "") + request.headers.get("Purpose", "")
    if request.method != "GET" or "prefetch" in purpose:
        return
    person = visit.person
    if person is None or person.pk != visit.link.owner_id:
        agent = request.headers.get("User-Agent", "")
        count_view(visit.link, network=client_network(request), user_agent=agent)


def _password_page(visit: Visit, *, is_wrong: bool = False) -> HttpResponse:
    context = {"action": visit.url("unlock", item=""), "is_wrong": is_wrong}
    return _render("shared/password.html", context, 403 if is_wrong else 200)


def _video_page(visit: Visit, video: Video, form: CommentForm, status: int = 200) -> HttpResponse:
    link, person = visit.link, visit.person
    found = list(comments_behind(link, video)[:_SHOWN_COMMENTS]) if link.allows_comments else []
    context = {
        **_preview(visit, video),
        "link": link,
        "video": video,
        "file_url": visit.url("file"),
        "scrub_url": visit.url("scrub"),
        "address_seconds": _address_seconds(video) if settings.STORAGE_URL else 0,
        "comment_url": visit.url("comment"),
        "collection_url": visit.url(item="") if link.collection_id else "",
        "collection_name": heading_of(link),
        "comments": found,
        "form": form,
        "person": person,
        "csrf_token": get_token(visit.request) if person is not None and link.allows_comments else None,
    }
    response = _render("shared/video.html", context, status)
    _set_policy(response, _SCRIPTS_OF_THE_PLAYER)
    return response


def _collection_page(visit: Visit) -> HttpResponse:
    order = KeysetOrder(descending=True)
    rows = shared_videos(visit.link).order_by()
    last = read_item(visit.link, visit.request.GET.get("after", "")[:64])
    if last is not None:  # which may have gone meanwhile
        rows = order.after(rows, Position(last))
    found, has_more = take_page(order.sort(rows), _PAGE_SIZE)
    items = [_item(visit, video) for video in found]
    context = {
        **_preview(visit, found[0] if found else None, of_collection=True),
        "link": visit.link,
        "items": items,
        "next": f"{visit.url()}?after={items[-1]['name']}" if has_more else "",
    }
    return _render("shared/collection.html", context)


def _item(visit: Visit, video: Video) -> dict[str, object]:
    name = item_name(visit.link, video)
    return {
        "name": name,
        "video": video,
        "heading": heading_of(visit.link, video) if visit.link.shows_prompt else "",
        "page_url": visit.url(item=name),
        "poster_url": visit.url("poster", item=name),
    }


def _preview(visit: Visit, video: Video | None, *, of_collection: bool = False) -> dict[str, object]:
    """Return what a chat shows of the link: a heading, a poster, and a video to play there.

    A link with a password has no preview but that of its form: who previews has no password.
    """
    heading = heading_of(visit.link, None if of_collection else video)
    item = item_name(visit.link, video) if video is not None else ""
    poster_url = visit.url("poster", item=item) if video is not None and video.poster else ""
    return {
        "heading": heading,
        "poster_url": poster_url,
        "page_address": whole_address(visit.request, visit.url()),
        "poster_address": whole_address(visit.request, poster_url) if poster_url else "",
        "file_address": "" if of_collection else whole_address(visit.request, visit.url("file")),
        "file_type": "" if video is None else file_for_players(video, as_attachment=False).content_type,
        "preview": video,
        **(_poster_size(video) if video is not None else {}),
    }


def _poster_size(video: Video) -> dict[str, int]:
    """Return the pixels of the poster, which is never larger than the video."""
    width, height = video.width or 1, video.height or 1
    scale = min(1.0, _POSTER_WIDTH / width)
    return {"poster_width": round(width * scale), "poster_height": max(1, round(height * scale))}


def _address_seconds(video: Video) -> int:
    return min(_ADDRESS_SECONDS + 2 * ceil(video.duration or 0), settings.STORAGE_URL_SECONDS)


def _send(visit: Visit, stored: StoredFile) -> HttpResponseBase:
    seconds = stored.address_seconds or _ADDRESS_SECONDS
    bounded = replace(stored, cache_control=_FILE_CACHE_CONTROL, address_seconds=seconds)
    try:
        return file_response(visit.request, bounded)
    except FileNotFoundError:
        raise ClosedLinkError(
            404, gettext("There is no such file"), gettext("It may have been removed.")
        ) from None


def _render(template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """Draw a page without the context of the studio's own pages, which would ask who it is."""
    return HttpResponse(render_to_string(template, context), status=status)
