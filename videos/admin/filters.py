"""Filters of the video list whose choices are known without reading its table."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from videos.models import IN_FLIGHT, State, Video, VideoModel
from videos.services.candidates import videos_for_staff


class StateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("in_flight", "In flight"),
            ("needs_decision", "Needs attention"),
            ("needs_staff", "Needs attention of staff"),
            *State.choices,
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Video]) -> QuerySet[Video]:
        value = self.value()
        if value == "in_flight":
            return queryset.filter(state__in=IN_FLIGHT)
        if value == "needs_decision":
            return queryset.filter(state=State.UNCERTAIN, due_at=None)
        if value == "needs_staff":
            return queryset.filter(pk__in=videos_for_staff().values("pk"))
        return queryset.filter(state=value) if value else queryset


class ModelFilter(admin.SimpleListFilter):
    title = "model"
    parameter_name = "model"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(VideoModel.objects.values_list("name", "label"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Video]) -> QuerySet[Video]:
        return queryset.filter(model=self.value()) if self.value() else queryset
