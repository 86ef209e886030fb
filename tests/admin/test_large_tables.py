"""No list of the administration counts, or pages through, a table that may have millions of rows."""

from django.contrib import admin
from django.db.models import Model

from accounts.models import AccountDeletion, ApiToken, Invitation, User
from audit.admin_pages import MAX_LISTED, BoundedPaginator
from billing.models import Budget
from videos.models import Backend, PromptTemplate, ReferenceImage, StudioState, Video, VideoModel
from webhooks.models import Endpoint

# Tables that grow with the people and what is connected, never with the videos.
SMALL: set[type[Model]] = {
    *(User, ApiToken, Invitation, AccountDeletion, Budget),
    *(Backend, PromptTemplate, StudioState, VideoModel, Endpoint),
}


def test_every_list_of_a_table_that_grows_with_the_videos_is_bounded():
    unbounded = {
        model.__name__
        for model, its_admin in admin.site._registry.items()
        if model not in SMALL
        and model is not Video  # whose list knows only whether there is a next page: test_list
        and model._meta.app_label in ("accounts", "audit", "billing", "notifications", "videos", "webhooks")
        and (its_admin.show_full_result_count or not issubclass(its_admin.paginator, BoundedPaginator))
    }

    assert unbounded == set()


def test_the_paginator_counts_no_further(django_assert_num_queries, db):
    paginator = BoundedPaginator(ReferenceImage.objects.order_by("pk"), 50)
    with django_assert_num_queries(1) as asked:
        assert paginator.count == 0

    assert f"LIMIT {MAX_LISTED}" in asked.captured_queries[0]["sql"]
    assert "ORDER BY" not in asked.captured_queries[0]["sql"]
