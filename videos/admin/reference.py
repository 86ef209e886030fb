"""Reference images in the admin: read-only. A deleted one is listed as long as a video needs it."""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from audit.admin_pages import BoundedPaginator
from contentgen.admin_search import FoldedSearch
from videos.admin.files import FileViews
from videos.models import ReferenceImage


@admin.register(ReferenceImage)
class ReferenceImageAdmin(FoldedSearch[Any], FileViews):
    list_display = ("picture", "__str__", "owner", "content_type", "created_at", "used_at", "deleted_at")
    list_display_links = ("__str__",)
    list_select_related = ("owner",)
    list_per_page = 50
    search_fields = ("search_text", "public_id", "owner__username", "sha256")
    search_help_text = _("Name, owner, ID, SHA-256")
    show_full_result_count = False
    paginator = BoundedPaginator
    served_files = thumbnails = ("file",)
    fields = (
        "picture",
        "name",
        "owner",
        "public_id",
        "content_type",
        "width",
        "height",
        "sha256",
        "created_at",
        "used_at",
        "deleted_at",
    )
    readonly_fields = fields

    class Media:
        css = {"all": ("css/admin.css",)}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never by hand: a video that is queued, or retried later, needs its image."""
        return False

    @admin.display(description=_("image"))
    def picture(self, image: ReferenceImage) -> SafeString:
        address = reverse("admin:videos_referenceimage_file", args=[image.pk])
        return format_html('<img class="admin-poster" src="{}" alt="" loading="lazy">', address)
