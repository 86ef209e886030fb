"""The page of one video in the admin: facts in groups, its history, its costs, and what it belongs to."""

import json
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from accounts.formats import format_number
from audit.models import Entry
from audit.vocabulary import Kind as AuditKind
from billing.attempts import Attempt, attempts_of
from billing.money import format_money
from contentgen.stored_texts import translated
from videos.admin.actions import VIDEO_ACTIONS
from videos.admin.video_columns import NONE
from videos.models import Collection, ShareLink, Video

MAX_ENTRIES = 20
_MAX_RELATED = 20  # of one kind

Fieldsets = tuple[tuple[StrOrPromise | None, Any], ...]

FIELDSETS: Fieldsets = (
    (None, {"fields": ("player", "own_id", "state_label", "available_actions", "owner", "backend")}),
    (
        _("What was asked"),
        {
            "fields": (
                "kind",
                "prompt",
                "model",
                "length",
                "size",
                "reference",
                "last_frame",
                "reference_names",
                "fit",
                "character_names",
                "sent_as",
                "used_seed",
                "take_of",
                "concat_with_source",
            )
        },
    ),
    (
        _("What the backend said"),
        {
            "fields": (
                "job_id",
                "error_code",
                "error_sentence",
                "error_detail",
                "percent",
                "queued_at_backend",
                "answered_at",
                "charge",
                "charge_problem",
            )
        },
    ),
    (_("Cost"), {"fields": ("estimate", "price_samples", "charge_difference")}),
    (
        _("Timing"),
        {
            "fields": (
                "created_at",
                "timings",
                "backend_timings",
                "finished_at",
                "deadline_at",
                "late_since",
                "cancel_requested_at",
                "trashed_at",
                "purge_due_at",
            )
        },
    ),
    (_("Result"), {"fields": ("measured", "file_size", "sha256")}),
    (
        _("Engine"),
        {
            "fields": (
                "attempts",
                "failed_submissions",
                "failed_downloads",
                "due_at",
                "lease_expires_at",
                "delete_job_at",
            )
        },
    ),
)


@dataclass(frozen=True)
class Related:
    """One thing that the video belongs to or has: what it is to it, words, and where it is shown."""

    kind: str
    words: str
    address: str = ""


class VideoDetails(admin.ModelAdmin[Any]):
    """The fields of the page."""

    def is_told(self, video: Video | None, name: str) -> bool:
        """Whether the field says anything of the video."""
        if video is None:
            return True
        own = getattr(self, name, None)
        value = own(video) if callable(own) else getattr(video, name)
        return value not in (None, "", NONE, False, 0)

    @admin.display(description=_("ID"))
    def own_id(self, video: Video) -> str:
        return video.public_id

    @admin.display(description=_("backend job ID"))
    def job_id(self, video: Video) -> str:
        return video.backend_job_id or NONE

    @admin.display(description=_("length"))
    def length(self, video: Video) -> str:
        if not video.source_seconds:
            return f"{video.seconds} s"
        words = {"seconds": video.seconds, "source": video.source_seconds}
        return gettext("%(seconds)s s after the %(source)s s of its source") % words

    @admin.display(description=_("fit of the image"))
    def fit(self, video: Video) -> str:
        return str(video.get_reference_fit_display()) if video.reference_id else NONE

    @admin.display(description=_("take"))
    def take_of(self, video: Video) -> str:
        if video.takes <= 1:
            return NONE
        return gettext("%(number)s of %(total)s") % {"number": video.take, "total": video.takes}

    @admin.display(description=_("progress"))
    def percent(self, video: Video) -> str:
        return f"{video.progress} %" if video.is_in_flight and video.progress is not None else NONE

    @admin.display(description=_("error message"))
    def error_sentence(self, video: Video) -> str:
        return translated(video.error_message) or NONE

    @admin.display(description=_("estimate"))
    def estimate(self, video: Video) -> str:
        return NONE if video.price is None else format_money(video.price)

    @admin.display(description=_("charged"))
    def charge(self, video: Video) -> str:
        return NONE if video.charged is None else format_money(video.charged)

    @admin.display(description=_("size of the file"))
    def file_size(self, video: Video) -> str:
        return NONE if video.byte_count is None else filesizeformat(video.byte_count)

    @admin.display(description=_("characters"))
    def character_names(self, video: Video) -> str:
        return ", ".join(character.name for character in video.characters.all()) or NONE

    @admin.display(description=_("references"))
    def reference_names(self, video: Video) -> str:
        return ", ".join(map(str, video.references)) or NONE

    @admin.display(description=_("parameters as sent"))
    def sent_as(self, video: Video) -> SafeString | str:
        """The parameters with the seed that the studio drew. The key of the request is not shown."""
        if not isinstance(video.parameters, dict):
            note = gettext("(not readable as parameters)")
            return format_html("<code>{}</code> {}", str(video.parameters)[:500], note)
        sent = video.sent_parameters
        text = json.dumps(sent, ensure_ascii=False, indent=2, sort_keys=True, default=str)
        return format_html('<pre class="video-sent">{}</pre>', text) if sent else NONE

    @admin.display(description=_("video"))
    def player(self, video: Video) -> SafeString | str:
        if not video.file:
            return NONE
        poster = reverse("admin:videos_video_poster", args=[video.pk]) if video.poster else ""
        return format_html(
            '<video class="admin-player" controls preload="metadata" src="{}" poster="{}"></video>',
            reverse(f"admin:videos_video_{video.playable_file.field.name}", args=[video.pk]),
            poster,
        )

    @admin.display(description=_("available actions"))
    def available_actions(self, video: Video) -> SafeString | str:
        possible = [(action.label, action.meaning) for action in VIDEO_ACTIONS if action.is_possible(video)]
        return format_html_join("", "<p><strong>{}</strong>: {}</p>", possible) or NONE

    @admin.display(description=_("charged above the estimate"))
    def charge_difference(self, video: Video) -> str:
        return NONE if not video.cost_difference else format_money(video.cost_difference)

    @admin.display(description=_("durations"))
    def timings(self, video: Video) -> SafeString | str:
        steps = (
            (gettext("in the queue"), video.created_at, video.attempted_at),
            (gettext("until accepted"), video.attempted_at, video.accepted_at),
            (gettext("generating"), video.accepted_at, video.generated_at),
            (gettext("storing"), video.generated_at, video.finished_at),
        )
        spans = [(name, (end - begin).total_seconds()) for name, begin, end in steps if begin and end]
        return format_html_join(", ", "{} {} s", [(name, _tenths(span)) for name, span in spans]) or NONE

    @admin.display(description=_("at the backend"))
    def backend_timings(self, video: Video) -> str:
        if not video.working_seconds and not video.waiting_seconds:
            return NONE
        words = {"work": _tenths(video.working_seconds), "waiting": _tenths(video.waiting_seconds)}
        return gettext("%(work)s s of work, %(waiting)s s of waiting for it") % words

    @admin.display(description=_("file details"))
    def measured(self, video: Video) -> str:
        if video.width is None or video.duration is None:
            return NONE
        words = {"size": f"{video.width}x{video.height}", "seconds": format_number(video.duration)}
        return gettext("%(size)s pixels, %(seconds)s s") % words


def _tenths(seconds: float) -> str:
    return format_number(round(seconds, 1))


def entries_about(video: Video) -> list[Entry]:
    """Return the latest of the audit log about the video, for whoever may see the video."""
    found = Entry.objects.filter(object_id=video.public_id, kind=AuditKind.VIDEO)
    return list(found.order_by("-at", "-pk")[:MAX_ENTRIES])


def cost_lines(video: Video) -> list[Attempt]:
    """Return the paid submissions of the video with their lines in the ledger."""
    return attempts_of(video.pk)


def related_to(video: Video) -> list[Related]:
    """Return what the video belongs to and has, of each kind at most some."""
    return [
        *_related_videos(video),
        *_related_collections(video),
        *_related_makings(video),
        *_related_links(video),
    ]


def _page(kind: str, pk: int) -> str:
    return reverse(f"admin:videos_{kind}_change", args=[pk])


def _related_videos(video: Video) -> list[Related]:
    found = []
    if video.source is not None:
        found.append(Related(gettext("Source"), video.source.public_id, _page("video", video.source.pk)))
    elif video.remixed_from:
        found.append(Related(gettext("Source"), gettext("%(id)s, deleted") % {"id": video.remixed_from}))
    derived = video.derived.filter(deleted_at=None).order_by("pk").only("public_id", "kind", "state")
    found += [
        Related(
            gettext("Made from it"), f"{row.public_id}, {row.get_state_display()}", _page("video", row.pk)
        )
        for row in derived[:_MAX_RELATED]
    ]
    if video.take_group is None:
        return found
    takes = Video.objects.filter(owner=video.owner_id, take_group=video.take_group, deleted_at=None)
    return found + [
        Related(
            gettext("Other take"),
            gettext("Take %(number)s, %(id)s") % {"number": row.take, "id": row.public_id},
            _page("video", row.pk),
        )
        for row in takes.exclude(pk=video.pk).order_by("take").only("public_id", "take")[:_MAX_RELATED]
    ]


def _related_collections(video: Video) -> list[Related]:
    collections = Collection.objects.existing().filter(items__video=video).order_by("pk")[:_MAX_RELATED]
    found = [
        Related(
            gettext("In the collection"),
            f"{row.name}, {row.get_visibility_display()}",
            row.get_absolute_url(),
        )
        for row in collections
    ]
    if video.made_in is not None and video.made_in.deleted_at is None:
        found.append(Related(gettext("Asked for in"), video.made_in.name, video.made_in.get_absolute_url()))
    return found


def _related_makings(video: Video) -> list[Related]:
    found = []
    if video.batch is not None:
        found.append(Related(gettext("Batch"), str(video.batch), _page("batch", video.batch.pk)))
    images = [
        (gettext("First frame"), video.reference),
        (gettext("Last frame"), video.last_frame),
        *((gettext("Reference"), image) for image in video.references),
    ]
    found += [
        Related(kind, str(image), _page("referenceimage", image.pk))
        for kind, image in images
        if image is not None
    ]
    found += [
        Related(gettext("Character"), each.name, _page("character", each.pk))
        for each in video.characters.all()
    ]
    return found + [
        Related(
            gettext("Approval"), f"{each.public_id}, {each.get_state_display()}", reverse("videos:approvals")
        )
        for each in video.approval_requests.order_by("pk")[:_MAX_RELATED]
    ]


def _related_links(video: Video) -> list[Related]:
    links = ShareLink.objects.filter(video=video).select_related("video", "collection", "owner")
    return [Related(gettext("Share link"), _describe_link(link)) for link in links[:_MAX_RELATED]]


def _describe_link(link: ShareLink) -> str:
    known = {"active": gettext("active"), "expired": gettext("expired"), "revoked": gettext("revoked")}
    views = ngettext("%(count)d view", "%(count)d views", link.views) % {"count": link.views}
    return f"{link.public_id}, {known[link.status]}, {views}"
