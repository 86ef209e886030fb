"""Videos in the admin: read-only, changed only through the actions."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import flatten_fieldsets
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.timesince import timesince
from django.views.decorators.http import require_safe

from audit.models import Entry
from audit.vocabulary import Kind as AuditKind
from contentgen.admin_search import FoldedSearch
from videos.admin.actions import RECOVERY_ACTIONS, VIDEO_ACTIONS, make_admin_action
from videos.admin.files import FileViews
from videos.admin.filters import ModelFilter, StateFilter
from videos.media.file_response import picture_response
from videos.models import JobCandidate, Kind, State, Video
from videos.services.candidates import candidate_picture, find_candidate, rival_videos
from videos.services.held_videos import explain_hold
from videos.services.videos import adopt_candidate, delete_video

_NONE = "-"
_LISTED_ENTRIES = 20


@admin.register(Video)
class VideoAdmin(FoldedSearch[Any], FileViews):
    list_display = ("picture", "state_label", "title", "owner", "settings", "backend", "age")
    list_display_links = ("title",)
    list_select_related = ("owner__video_queue", "backend")
    list_filter = (StateFilter, ModelFilter, "kind", "backend", "created_at")
    list_per_page = 50
    search_fields = (
        "search_text",
        "public_id",
        "owner__username",
        "backend_job_id",
        "error_code",
        "error_message",
        "error_detail",
    )
    search_help_text = "Prompt, ID, owner, backend job ID, error"
    sortable_by = ("age",)  # the other columns have no index, and the table keeps growing
    show_full_result_count = False
    view_on_site = False  # that page is for the owner alone
    actions = [make_admin_action(action) for action in VIDEO_ACTIONS]
    served_files = ("file", "browser_file", "poster")
    thumbnails = ("poster",)
    fieldsets = (
        (None, {"fields": ("player", "public_id", "state_label", "available_actions", "owner", "backend")}),
        (
            "Request",
            {
                "fields": (
                    "prompt",
                    "model",
                    "seconds",
                    "size",
                    "reference",
                    "last_frame",
                    "reference_names",
                    "reference_fit",
                    "character_names",
                    "parameters",
                    "seed",
                    "used_seed",
                    "take",
                    "takes",
                    "price",
                    "price_samples",
                    "charged",
                    "charge_difference",
                    "charge_problem",
                )
            },
        ),
        ("Source", {"fields": ("kind", "source", "remixed_from", "source_seconds", "concat_with_source")}),
        ("Error", {"fields": ("error_code", "error_message", "error_detail")}),
        (
            "Timing",
            {
                "fields": (
                    "created_at",
                    "timings",
                    "working_seconds",
                    "waiting_seconds",
                    "finished_at",
                    "deadline_at",
                    "late_since",
                    "cancel_requested_at",
                )
            },
        ),
        ("Result", {"fields": ("measured", "byte_count", "sha256")}),
        (
            "Engine",
            {
                "fields": (
                    "backend_job_id",
                    "progress",
                    "queued_at_backend",
                    "answered_at",
                    "attempts",
                    "failed_downloads",
                    "due_at",
                    "lease_expires_at",
                    "delete_job_at",
                )
            },
        ),
    )

    class Media:
        css = {"all": ("css/admin.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Video]:
        """Leave out deleted videos, which are hidden from everyone until the sweep removes them."""
        return super().get_queryset(request).filter(deleted_at=None)

    def get_readonly_fields(self, request: HttpRequest, obj: Video | None = None) -> list[str]:
        return list(flatten_fieldsets(self.fieldsets))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never: rows are not edited by hand. Permission to change videos allows the actions."""
        return False

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return super().has_view_permission(request, obj) or self.has_operate_permission(request)

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Whether this person may use the recovery actions."""
        return request.user.has_perm("videos.change_video")

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, object] | None = None,
    ) -> HttpResponse:
        video = self.get_object(request, object_id)
        allowed = self.get_actions(request)
        offered = [
            action
            for action in RECOVERY_ACTIONS
            if action.name in allowed and video and action.is_possible(video)
        ]
        return super().change_view(
            request,
            object_id,
            form_url,
            {
                **(extra_context or {}),
                "video_actions": offered,
                "candidates": self._candidates(request, video),
                "title": "Video",
                "entries": _entries_about(video) if video else [],
            },
        )

    def get_urls(self) -> list[URLPattern]:
        adopt = self.admin_site.admin_view(self.adopt_view)
        picture = self.admin_site.admin_view(self.candidate_picture_view, cacheable=True)
        return [
            path("<int:pk>/adopt", adopt, name="videos_video_adopt"),
            path("<int:pk>/candidates/<int:candidate_id>/picture", picture, name="videos_video_candidate"),
            *super().get_urls(),
        ]

    def _candidates(
        self, request: HttpRequest, video: Video | None
    ) -> list[tuple[JobCandidate, list[Video]]]:
        """The jobs that may be the video's, each with the other videos whose job it may be."""
        if video is None or not video.needs_decision or not self.has_operate_permission(request):
            return []
        found = video.candidates.select_related("video")
        return [(candidate, rival_videos(candidate)) for candidate in found]

    def adopt_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take the candidate `job_id` for the video's job, also one that may be another person's."""
        if not self.has_operate_permission(request):
            raise PermissionDenied
        video = get_object_or_404(Video, pk=pk)
        job_id = request.POST.get("job_id", "")
        if request.method == "POST" and adopt_candidate(video, job_id, by_staff=True):
            self.log_change(request, video, f"Assigned job {job_id}.")
            self.message_user(request, "The job was assigned to the video.", messages.SUCCESS)
        elif request.method == "POST":
            self.message_user(request, "That is no longer possible. Nothing was changed.", messages.WARNING)
        return HttpResponseRedirect(reverse("admin:videos_video_change", args=[pk]))

    @method_decorator(require_safe)
    def candidate_picture_view(self, request: HttpRequest, pk: int, candidate_id: int) -> HttpResponse:
        """Send the picture of a job that may be the video's, also of one that may be another person's."""
        if not self.has_operate_permission(request):
            raise PermissionDenied
        video = get_object_or_404(self.get_queryset(request), pk=pk)
        candidate = find_candidate(video, candidate_id, by_staff=True)
        if candidate is None:
            raise Http404
        return picture_response(candidate_picture(candidate))

    def delete_model(self, request: HttpRequest, obj: Video) -> None:
        delete_video(obj)

    @admin.display(description="", empty_value="")
    def picture(self, video: Video) -> SafeString | str:
        if not video.poster:
            return ""
        address = reverse("admin:videos_video_poster", args=[video.pk])
        return format_html('<img class="admin-poster" src="{}" alt="" loading="lazy">', address)

    @admin.display(description="video")
    def title(self, video: Video) -> SafeString:
        prompt = Truncator(video.prompt).chars(90)
        return format_html('<bdi>{}</bdi><span class="admin-secondary">{}</span>', prompt, video.public_id)

    @admin.display(description="state")
    def state_label(self, video: Video) -> SafeString:
        kind, words = video.state, video.get_state_display()
        if video.needs_decision:
            kind, words = "needs-decision", "Needs attention"
        elif video.is_in_flight and video.cancel_requested_at:
            words = f"{words}, cancel requested"
        elif video.waits_at_backend:
            words = "Queued at the backend"
        elif video.awaits_late_result:
            words = f"{words}, still checked"
        elif video.may_be_running:
            words = f"{words}, job not deleted yet"
        elif video.progress is not None and video.state == State.IN_PROGRESS:
            words = f"{words} {video.progress} %"
        hold_reason = explain_hold(video)
        if hold_reason:
            words = f"{words}, held"
        label = format_html('<span class="admin-state admin-state-{}">{}</span>', kind, words)
        if hold_reason:
            return format_html('{}<span class="admin-secondary">{}</span>', label, hold_reason)
        if not video.error_code:
            return label
        return format_html(
            '{}<span class="admin-secondary" title="{}">{}</span>',
            label,
            video.error_message,
            video.error_code,
        )

    @admin.display(description="request")
    def settings(self, video: Video) -> SafeString:
        kind = "" if video.kind == Kind.CREATE else f", {video.get_kind_display()}"
        return format_html(
            '{}<span class="admin-secondary">{}, {} s{}</span>', video.model, video.size, video.seconds, kind
        )

    @admin.display(description="age", ordering="pk")
    def age(self, video: Video) -> SafeString:
        moment = video.created_at.isoformat(" ", "seconds")
        return format_html('<span title="{}">{}</span>', moment, timesince(video.created_at, depth=1))

    @admin.display(description="characters")
    def character_names(self, video: Video) -> str:
        return ", ".join(character.name for character in video.characters.all()) or _NONE

    @admin.display(description="references")
    def reference_names(self, video: Video) -> str:
        return ", ".join(map(str, video.references)) or _NONE

    @admin.display(description="video")
    def player(self, video: Video) -> SafeString | str:
        if not video.file:
            return _NONE
        poster = reverse("admin:videos_video_poster", args=[video.pk]) if video.poster else ""
        return format_html(
            '<video class="admin-player" controls preload="metadata" src="{}" poster="{}"></video>',
            reverse(f"admin:videos_video_{video.playable_file.field.name}", args=[video.pk]),
            poster,
        )

    @admin.display(description="available actions")
    def available_actions(self, video: Video) -> SafeString | str:
        possible = [
            (action.label, action.meaning) for action in RECOVERY_ACTIONS if action.is_possible(video)
        ]
        return format_html_join("", "<p><strong>{}</strong>: {}</p>", possible) or _NONE

    @admin.display(description="charged above the estimate")
    def charge_difference(self, video: Video) -> str:
        return _NONE if video.cost_difference is None else f"{video.cost_difference:+f}"

    @admin.display(description="durations")
    def timings(self, video: Video) -> SafeString | str:
        steps = (
            ("in the queue", video.created_at, video.attempted_at),
            ("until accepted", video.attempted_at, video.accepted_at),
            ("generating", video.accepted_at, video.generated_at),
            ("storing", video.generated_at, video.finished_at),
        )
        spans = [(name, (end - begin).total_seconds()) for name, begin, end in steps if begin and end]
        return format_html_join(", ", "{} {} s", [(name, f"{span:.1f}") for name, span in spans]) or _NONE

    @admin.display(description="file details")
    def measured(self, video: Video) -> str:
        if video.width is None or video.duration is None:
            return _NONE
        return f"{video.width}x{video.height} pixels, {video.duration:.2f} s"


def _entries_about(video: Video) -> list[Entry]:
    """Return the latest of the audit log about the video, for whoever may see the video."""
    found = Entry.objects.filter(object_id=video.public_id, kind=AuditKind.VIDEO)
    return list(found.order_by("-at", "-pk")[:_LISTED_ENTRIES])
