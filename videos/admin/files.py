"""Stored files in the admin, behind its own permissions."""

from pathlib import Path
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.db.models.fields.files import FieldFile
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path
from django.views.decorators.http import require_safe

from videos.admin.viewing import log_viewing
from videos.containers import CONTAINERS
from videos.media.file_response import StoredFile, serve_or_404

_VIDEO_TYPES = {container.suffix: container.content_type for container in CONTAINERS}
_TYPES = _VIDEO_TYPES | {".webp": "image/webp", ".jpg": "image/jpeg", ".png": "image/png"}


class FileViews(admin.ModelAdmin[Any]):
    """A model admin that serves the files named in `served_files`: URL names `admin:APP_MODEL_FIELD`.

    Whoever may view the row gets its files; everyone else is answered as for any page of the admin. Looking
    at what is another person's is logged.
    """

    served_files: tuple[str, ...] = ()
    thumbnails: tuple[str, ...] = ()  # of these, those that lists show: loading a list is no look at each

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, object] | None = None,
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        if row is not None and self.has_view_permission(request, row):
            log_viewing(request, row, "the page")
        return super().change_view(request, object_id, form_url, extra_context)

    def get_urls(self) -> list[URLPattern]:
        return [self._file_url(field) for field in self.served_files] + super().get_urls()

    def _file_url(self, field: str) -> URLPattern:
        @require_safe
        def serve(request: HttpRequest, object_id: str) -> HttpResponseBase:
            return self._serve(request, object_id, field)

        # cacheable: file_response says itself that only this person's browser may keep it.
        view = self.admin_site.admin_view(serve, cacheable=True)
        return path(
            f"<int:object_id>/{field}", view, name=f"{self.opts.app_label}_{self.opts.model_name}_{field}"
        )

    def _serve(self, request: HttpRequest, object_id: str, field: str) -> HttpResponseBase:
        row: Model | None = self.get_object(request, object_id)
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        stored: FieldFile | None = getattr(row, field, None)
        if row is None or not stored:
            raise Http404
        if field not in self.thumbnails and request.method == "GET":
            log_viewing(request, row, "the file")
        suffix = Path(str(stored.name)).suffix
        content_type = _TYPES.get(suffix, "application/octet-stream")
        return serve_or_404(request, StoredFile(stored, content_type, download_name=f"{row}{suffix}"))
