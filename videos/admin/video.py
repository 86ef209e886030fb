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
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from accounts.formats import format_number
from videos.admin.action_pages import make_admin_action
from videos.admin.actions import VIDEO_ACTIONS
from videos.admin.files import FileViews
from videos.admin.filters import FILTERS
from videos.admin.video_columns import VideoColumns
from videos.admin.video_details import (
    FIELDSETS,
    VideoDetails,
    cost_lines,
    entries_about,
    related_to,
)
from videos.admin.video_jobs import JobViews
from videos.admin.video_list import SEARCHED, VideoChangeList, search_videos
from videos.media.file_response import picture_response
from videos.models import JobCandidate, Video
from videos.services.candidates import candidate_picture, find_candidate, rival_videos
from videos.services.handing_over import with_audience
from videos.services.history import submission_records_of, transitions_of
from videos.services.job_adoption import can_adopt
from videos.services.video_actions import adopt_candidate, delete_video


@admin.register(Video)
class VideoAdmin(JobViews, VideoColumns, VideoDetails, FileViews):
    list_display = (
        *("picture", "state_label", "title", "owner", "collection_names", "cost_label", "backend", "age"),
    )
    list_display_links = ("title",)
    list_filter = FILTERS  # type: ignore[assignment]
    list_per_page = 50
    search_fields = ("search_text",)  # that there is a search; `search_videos` says in what
    sortable_by = ("age",)  # the other columns have no index, and the table keeps growing
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # each would count everything
    view_on_site = False  # that page is for the owner alone
    actions = [make_admin_action(action) for action in VIDEO_ACTIONS]
    served_files = ("file", "browser_file", "poster")
    thumbnails = ("poster",)
    fieldsets = FIELDSETS

    @property
    def search_help_text(self) -> str:  # type: ignore[override]  # Django reads it for each page
        words = gettext(
            "A whole ID or backend job ID; or words of prompts, and those of errors and names, too, in the "
            "newest %(number)s videos that the filters leave."
        )
        return words % {"number": format_number(SEARCHED)}

    class Media:
        css = {"all": ("css/admin.css", "css/admin-videos.css")}

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[VideoChangeList]:
        return VideoChangeList

    def get_queryset(self, request: HttpRequest) -> QuerySet[Video]:
        """Leave out deleted videos, which are hidden from everyone until the sweep removes them."""
        return super().get_queryset(request).filter(deleted_at=None)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return search_videos(queryset, search_term), False

    def get_readonly_fields(self, request: HttpRequest, obj: Video | None = None) -> list[str]:
        return list(flatten_fieldsets(FIELDSETS))

    def get_fieldsets(self, request: HttpRequest, obj: Video | None = None) -> Any:
        """Leave out what says nothing of this video."""
        return [
            (name, {**options, "fields": [each for each in options["fields"] if self.is_told(obj, each)]})
            for name, options in FIELDSETS
            if obj is None or any(self.is_told(obj, each) for each in options["fields"])
        ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never: rows are not edited by hand. Permission to change videos allows the actions."""
        return False

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return super().has_view_permission(request, obj) or self.has_operate_permission(request)

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Whether this person may use the recovery actions, make videos private, and trash them."""
        return request.user.has_perm("videos.change_video")

    def has_hand_over_permission(self, request: HttpRequest) -> bool:
        """Whether this person may give videos to somebody else: who may also look at the list of people."""
        return self.has_operate_permission(request) and request.user.has_perm("accounts.view_user")

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, object] | None = None,
    ) -> HttpResponse:
        video = self.get_object(request, object_id)
        details = self._details(request, video) if isinstance(video, Video) else {}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **details})

    def _details(self, request: HttpRequest, video: Video) -> dict[str, object]:
        rows = Video.objects.filter(pk=video.pk).select_related("owner__video_queue", "backend", "batch")
        (video,) = with_audience(rows)
        allowed = self.get_actions(request)
        offered = [action for action in VIDEO_ACTIONS if action.name in allowed and action.is_possible(video)]
        return {
            "video_actions": offered,
            "may_adopt": can_adopt(video) and self.has_operate_permission(request),
            "candidates": self._candidates(request, video),
            "title": gettext("Video"),
            "entries": entries_about(video),
            "submissions": submission_records_of(video),
            "transitions": transitions_of(video),
            "cost_lines": cost_lines(video),
            "related": related_to(video),
        }

    def get_urls(self) -> list[URLPattern]:
        adopt = self.admin_site.admin_view(self.adopt_view)
        job = self.admin_site.admin_view(self.job_view)
        picture = self.admin_site.admin_view(self.candidate_picture_view, cacheable=True)
        return [
            path("<int:pk>/adopt", adopt, name="videos_video_adopt"),
            path("<int:pk>/job", job, name="videos_video_job"),
            path("<int:pk>/candidates/<int:candidate_id>/picture", picture, name="videos_video_candidate"),
            *super().get_urls(),
        ]

    def _candidates(self, request: HttpRequest, video: Video) -> list[tuple[JobCandidate, list[Video]]]:
        """The jobs that may be the video's, each with the other videos whose job it may be."""
        if not video.needs_decision or not self.has_operate_permission(request):
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
            self.message_user(request, gettext("The job was assigned to the video."), messages.SUCCESS)
        elif request.method == "POST":
            self.message_user(
                request, gettext("That is no longer possible. Nothing was changed."), messages.WARNING
            )
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
