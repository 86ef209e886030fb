"""The inbox, its panel in the header, and the preferences."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.middleware import HtmxDetails

from accounts.models import User
from notifications import inbox as service
from notifications.forms import PreferencesForm
from notifications.middleware import HEADER
from notifications.models import Inbox, Notification
from notifications.news import describe_bell
from notifications.wording import path_of


class Request(HttpRequest):
    """A request of somebody who is signed in: `LoginRequiredMiddleware` lets no other reach a view."""

    user: User
    htmx: HtmxDetails


@require_safe
@never_cache
def inbox(request: Request) -> HttpResponse:
    """Show what the person was told, newest first; `?before=` goes on from a page before."""
    rows = Notification.objects.shown_to(request.user.pk)
    page = service.get_page(rows, request.GET.get("before", ""))
    context = {"page": page, "is_first": not request.GET.get("before")}
    return render(request, "notifications/inbox.html", context)


@require_safe
@never_cache
def panel(request: Request) -> HttpResponse:
    """Draw the newest ones, for the panel of the header."""
    return _draw_panel(request)


def _draw_panel(request: Request) -> HttpResponse:
    rows = Notification.objects.shown_to(request.user.pk)
    page = service.get_page(rows, "", size=service.PANEL_SIZE)
    return render(request, "notifications/_panel.html", {"page": page})


@require_safe
@never_cache
def bell(request: Request) -> HttpResponse:
    """Return the bell as JSON, or 204 where it is the version that the page shows."""
    shown = request.headers.get(HEADER, "")
    current = service.request_bell(request)
    if current.version == shown:
        return HttpResponse(status=204)
    return JsonResponse(describe_bell(request.user.pk, current, shown))


@require_safe
@never_cache
def open_notification(request: Request, pk: int) -> HttpResponse:
    """Go to what the notification is about, which has been read then."""
    notification = _get(request, pk)
    service.mark_read(request.user.pk, [pk])
    return redirect(path_of(notification))


@require_POST
def read(request: Request, pk: int) -> HttpResponse:
    """Mark one as read. HTMX gets it drawn anew."""
    notification = _get(request, pk)
    service.mark_read(request.user.pk, [pk])
    if not request.htmx:
        return redirect("notifications:inbox")
    notification.refresh_from_db()
    service.add_pictures([notification])
    return render(request, "notifications/_item.html", {"notification": notification})


@require_POST
def read_all(request: Request) -> HttpResponse:
    """Mark all as read that happened until the page was drawn. HTMX gets the panel drawn anew."""
    service.mark_all_read(request.user.pk, until=service.parse_moment(request.POST.get("until", "")))
    if request.htmx:
        return _draw_panel(request)
    return redirect("notifications:inbox")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def preferences(request: Request) -> HttpResponse:
    """Show what the person is told of, and how; a POST changes it."""
    with transaction.atomic():
        post = request.POST if request.method == "POST" else None
        own = Inbox.objects.locked(request.user.pk) if post is not None else Inbox.objects.of(request.user.pk)
        form = PreferencesForm(post, instance=own)
        if post is not None and form.is_valid():
            form.apply()
            form.save()
            messages.success(request, gettext("Preferences saved."))
            return redirect("notifications:preferences")
    status = 422 if form.errors else 200
    return render(request, "notifications/preferences.html", {"form": form}, status=status)


def _get(request: Request, pk: int) -> Notification:
    return get_object_or_404(Notification, pk=pk, user=request.user)
