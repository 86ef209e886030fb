"""The pages about money."""

from django.urls import path

from billing import views

app_name = "billing"

urlpatterns = [
    path("spend/", views.spend, name="spend"),
    path("spend.csv", views.spend_csv, name="spend_csv"),
]
