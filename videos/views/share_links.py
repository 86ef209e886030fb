"""Sharing as its maker sees it: the links to a video or a collection, and all of one's links on one page."""

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.roles import may_manage
from videos.forms.share_links import LinkOptionsForm, ShareLinkForm
from videos.models import Collection, ShareLink, Video
from videos.models.keyset import KeysetOrder, take_page
from videos.models.share_link import ShareLinkQuerySet
from videos.services import share_comments as service
from videos.services.share_addresses import link_address
from videos.services.share_comments import comments_on, deletable_comments
from videos.services.share_links import MAX_ACTIVE_LINKS, links_of, listed, revoke_links, visible_links
from videos.validation import is_public_id
from videos.views.access import Request, get_video, safe_referer
from videos.views.notifications import notify

_PAGE_SIZE = 50
_TEAM = "team"


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@sensitive_post_parameters("password")
def share_video(request: Request, public_id: str) -> HttpResponse:
    """Show the links to a video; a POST makes another."""
    video = get_video(request, public_id)
    return _share(request, video, back=video.get_absolute_url())


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@sensitive_post_parameters("password")
def share_collection(request: Request, public_id: str) -> HttpResponse:
    """Show the links to a collection of one's own; a POST makes another."""
    if not is_public_id(public_id):
        raise Http404
    collection = get_object_or_404(Collection.objects.owned_by(request.user), public_id=public_id)
    return _share(request, collection, back=collection.get_absolute_url())


def _share(request: Request, shared: Video | Collection, *, back: str) -> HttpResponse:
    form, status = ShareLinkForm(shared, request.POST or None), 200
    if request.method == "POST":
        if form.is_valid() and (link := form.save(request.user)):
            return redirect(f"{request.path}?made={link.public_id}#{link.public_id}")
        status = 422
    rows = list(listed(links_of(shared))[:MAX_ACTIVE_LINKS])
    context = {
        "form": form,
        "shared": shared,
        "links": _with_addresses(request, rows),
        "made": request.GET.get("made", ""),
        "back": back,
        "is_video": isinstance(shared, Video),
        "is_on": settings.SHARE_LINKS,
    }
    return render(request, "videos/share.html", context, status=status)


@require_safe
@never_cache
def links(request: Request) -> HttpResponse:
    """List one's links, newest first; for managers, with `?of=team`, everybody's.

    Of another's link a manager sees what it is and may revoke it, and not its address: what people have made
    stays with them.
    """
    team = _is_of_team(request)
    order = KeysetOrder(descending=True)
    rows = visible_links(request.user, team=team)
    if position := order.position_of(rows.filter(public_id=request.GET.get("after", "").replace("\x00", ""))):
        rows = order.after(rows, position)
    found, has_more = take_page(listed(order.sort(rows)), _PAGE_SIZE)
    has_active = visible_links(request.user, team=False).active().exists()
    context = {
        "links": _with_addresses(request, found),
        "team": team,
        "next": found[-1].public_id if has_more else "",
        "has_active": has_active,
        "is_on": settings.SHARE_LINKS,
    }
    return render(request, "videos/share_links.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def change(request: Request, public_id: str) -> HttpResponse:
    """Show what a link shows and allows; a POST changes it."""
    link = _get_link(ShareLink.objects.owned_by(request.user), public_id)
    form = LinkOptionsForm.of(link, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid() and form.apply(link):
        return notify(request, redirect("videos:share_links"), gettext("Link changed."))
    context = {"form": form, "link": link}
    return render(request, "videos/share_change.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def revoke(request: Request, public_id: str) -> HttpResponse:
    """Ask for confirmation; a POST revokes the link for good. Managers may revoke anybody's."""
    link = _get_link(visible_links(request.user, team=True), public_id)
    if request.method != "POST":
        return render(request, "videos/share_revoke_confirm.html", {"link": link})
    revoke_links(ShareLink.objects.filter(pk=link.pk))
    team = "" if link.owner_id == request.user.pk else f"?of={_TEAM}"
    return notify(request, redirect(reverse("videos:share_links") + team), gettext("Link revoked."))


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def revoke_all(request: Request) -> HttpResponse:
    """Ask for confirmation; a POST revokes all of one's own links."""
    own = ShareLink.objects.owned_by(request.user).active()
    if request.method != "POST":
        return render(request, "videos/share_revoke_confirm.html", {"count": own.count()})
    count = revoke_links(own)
    sentence = ngettext("%(count)d link revoked.", "%(count)d links revoked.", count)
    return notify(request, redirect("videos:share_links"), sentence % {"count": count})


@require_safe
def comments(request: Request, public_id: str) -> HttpResponse:
    """List what was said about a video through its links, newest first, a page at a time."""
    video = get_video(request, public_id)
    order = KeysetOrder(descending=True)
    rows = comments_on(video)
    if position := order.position_of(rows.filter(pk=_number(request.GET.get("after", "")))):
        rows = order.after(rows, position)
    found, has_more = take_page(order.sort(rows), _PAGE_SIZE)
    context = {"video": video, "comments": found, "next": found[-1].pk if has_more else ""}
    return render(request, "videos/share_comments.html", context)


@require_POST
def delete_comment(request: Request, pk: int) -> HttpResponse:
    """Delete a comment on one's own video, or one that came through one's own link."""
    found = deletable_comments(request.user).select_related("video")
    service.delete_comment(get_object_or_404(found, pk=pk))
    return notify(request, redirect(safe_referer(request)), gettext("Comment deleted."))


def _is_of_team(request: Request) -> bool:
    return request.GET.get("of") == _TEAM and may_manage(request.user)


def _get_link(links: ShareLinkQuerySet, public_id: str) -> ShareLink:
    if not is_public_id(public_id):
        raise Http404
    return get_object_or_404(links.select_related("owner", "video", "collection"), public_id=public_id)


def _with_addresses(request: Request, links: list[ShareLink]) -> list[tuple[ShareLink, str]]:
    """Return each link with its address, where it is one's own and works."""
    return [(link, link_address(request, link) if link.owner_id == request.user.pk else "") for link in links]


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0
