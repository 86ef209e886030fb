"""The pages about money."""

from django.urls import path

from billing import budget_views, views

app_name = "billing"

urlpatterns = [
    path("spend/", views.spend, name="spend"),
    path("spend.csv", views.spend_csv, name="spend_csv"),
    path("budgets/", budget_views.budgets, name="budgets"),
    path("budgets/<int:pk>/", budget_views.change, name="budget"),
    path("budgets/<int:pk>/remove", budget_views.remove, name="budget_remove"),
]
