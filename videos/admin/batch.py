"""Batches in the administration: to be looked at. What is done about them, their owners do."""

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from audit.admin_pages import BoundedPaginator
from billing.money import format_money
from videos.models import Batch


@admin.register(Batch)
class BatchAdmin(admin.ModelAdmin[Batch]):
    list_display = ("name", "owner", "state", "rows", "estimate_in_words", "created_at", "finished_at")
    list_filter = ("state",)
    list_select_related = ("owner",)
    search_fields = ("name", "public_id", "owner__username")
    show_full_result_count = False
    paginator = BoundedPaginator
    fields = readonly_fields = (
        *("name", "public_id", "owner", "state", "rows", "estimate_in_words", "unpriced", "file_name"),
        *("problem", "created_at", "started_at", "finished_at"),
    )

    @admin.display(description=_("videos"), ordering="row_count")
    def rows(self, batch: Batch) -> int:
        return batch.row_count

    @admin.display(description=_("estimate"), ordering="estimate")
    def estimate_in_words(self, batch: Batch) -> str:
        return format_money(batch.estimate)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Batch | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Batch | None = None) -> bool:
        return False
