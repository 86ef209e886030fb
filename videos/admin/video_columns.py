"""The columns of the video list in the admin. A row that is not whole is shown as far as it goes."""

from typing import Any

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.timesince import timesince
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from accounts.formats import format_exact_moment
from billing.money import format_money
from contentgen.stored_texts import translated
from videos.models import Kind, State, Video
from videos.services.held_videos import explain_hold

NONE = "-"
_MAX_COLLECTIONS = 2  # named in a row


class VideoColumns(admin.ModelAdmin[Any]):
    """What the list shows of each video."""

    @admin.display(description=_("poster"), empty_value="")
    def picture(self, video: Video) -> SafeString | str:
        if not video.poster:
            return ""
        address = reverse("admin:videos_video_poster", args=[video.pk])
        return format_html('<img class="admin-poster" src="{}" alt="" loading="lazy">', address)

    @admin.display(description=_("video"))
    def title(self, video: Video) -> SafeString:
        prompt = Truncator(video.prompt).chars(90)
        kind = "" if video.kind == Kind.CREATE else f", {video.get_kind_display()}"
        asked = f"{video.model}, {video.size}, {video.seconds} s{kind}"
        return format_html(
            '<bdi>{}</bdi><span class="admin-secondary">{}</span><span class="admin-secondary">{}</span>',
            *(prompt, asked, video.public_id),
        )

    @admin.display(description=_("state"))
    def state_label(self, video: Video) -> SafeString:
        kind, words = state_in_words(video)
        hold_reason = explain_hold(video)
        if hold_reason:
            words = gettext("%(state)s, held") % {"state": words}
        label = format_html('<span class="admin-state admin-state-{}">{}</span>', kind, words)
        if hold_reason:
            return format_html('{}<span class="admin-secondary">{}</span>', label, hold_reason)
        if not video.error_code:
            return label
        return format_html(
            '{}<span class="admin-secondary" title="{}">{}</span>',
            label,
            translated(video.error_message),
            video.error_code,
        )

    @admin.display(description=_("collection"))
    def collection_names(self, video: Video) -> SafeString | str:
        items = getattr(video, "listed_items", [])
        names = ", ".join(item.collection.name for item in items[:_MAX_COLLECTIONS])
        more = f" +{len(items) - _MAX_COLLECTIONS}" if len(items) > _MAX_COLLECTIONS else ""
        return format_html("<bdi>{}</bdi>{}", names, more) if names else NONE

    @admin.display(description=_("cost"))
    def cost_label(self, video: Video) -> SafeString | str:
        cost = video.cost
        if cost is None:
            return gettext("unknown")
        is_charged = video.charged is not None and video.backend.is_metered
        if not cost:
            return gettext("free")
        basis = gettext("charged") if is_charged else gettext("estimate")
        return format_html('{}<span class="admin-secondary">{}</span>', format_money(cost), basis)

    @admin.display(description=_("age"), ordering="pk")
    def age(self, video: Video) -> SafeString | str:
        if video.created_at is None:  # a row that another program wrote
            return NONE
        moment = format_exact_moment(video.created_at)
        return format_html('<span title="{}">{}</span>', moment, timesince(video.created_at, depth=1))


def state_in_words(video: Video) -> tuple[str, str]:
    """Return the state of a video as its label is coloured, and in words."""
    words = {"state": video.get_state_display()}
    if video.needs_decision:
        return "needs-decision", pgettext("anybody's", "Needs attention")
    if video.is_in_flight and video.cancel_requested_at:
        found = gettext("%(state)s, cancel requested") % words
    elif video.waits_at_backend:
        found = gettext("Queued at the backend")
    elif video.awaits_late_result:
        found = gettext("%(state)s, still checked") % words
    elif video.may_be_running:
        found = gettext("%(state)s, job not deleted yet") % words
    elif video.progress is not None and video.state == State.IN_PROGRESS:
        found = f"{words['state']} {video.progress} %"
    else:
        found = words["state"]
    return video.state, gettext("%(state)s, in the trash") % {"state": found} if video.trashed_at else found
