"""Adopting a job by its id: a form, what the backend says of the job, and only then the decision."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext

from videos.models import Video
from videos.services.job_adoption import FoundJob, JobLookupError, adopt_job, can_adopt, look_up_job


class JobViews(admin.ModelAdmin[Any]):
    """The page on which staff name the job that is a video's."""

    def has_operate_permission(self, request: HttpRequest) -> bool:
        raise NotImplementedError

    def job_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Look the job up, show it with what speaks against it, and adopt it when that is confirmed."""
        if not self.has_operate_permission(request):
            raise PermissionDenied
        rows = Video.objects.filter(deleted_at=None).select_related("owner", "backend")
        video = get_object_or_404(rows, pk=pk)
        job_id = request.POST.get("job_id", "").strip()
        if request.method != "POST":
            return self._page(request, video)
        try:
            found = look_up_job(video, job_id)
        except JobLookupError as error:
            return self._page(request, video, job_id=job_id, problem=str(error))
        if "adopt" not in request.POST:
            return self._page(request, video, job_id=job_id, found=found)
        if found.is_doubtful and request.POST.get("doubts") != str(len(found.doubts) + len(found.rivals)):
            problem = gettext("Say that you have compared them, if you are sure. Nothing was changed.")
            return self._page(request, video, job_id=job_id, found=found, problem=problem)
        return self._adopt(request, video, found)

    def _adopt(self, request: HttpRequest, video: Video, found: FoundJob) -> HttpResponse:
        if adopt_job(video, found):
            self.log_change(request, video, f"Assigned job {found.id}.")
            self.message_user(request, gettext("The job was assigned to the video."), messages.SUCCESS)
        else:
            self.message_user(
                request, gettext("That is no longer possible. Nothing was changed."), messages.WARNING
            )
        return HttpResponseRedirect(reverse("admin:videos_video_change", args=[video.pk]))

    def _page(
        self,
        request: HttpRequest,
        video: Video,
        *,
        job_id: str = "",
        found: FoundJob | None = None,
        problem: str = "",
    ) -> TemplateResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Adopt a job"),
            "opts": self.opts,
            "media": self.media,
            "video": video,
            "job_id": job_id,
            "found": found,
            "doubt_count": len(found.doubts) + len(found.rivals) if found else 0,
            "problem": problem,
            "is_open": can_adopt(video),
        }
        return TemplateResponse(request, "admin/videos/video/job.html", context)
