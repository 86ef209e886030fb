"""The pages of one's own webhooks, below the account's."""

from django.urls import path

from webhooks import views

app_name = "webhooks"

_ENDPOINT = "<slug:public_id>/"

urlpatterns = [
    path("", views.endpoints, name="endpoints"),
    path("new", views.create, name="create"),
    path(_ENDPOINT, views.endpoint, name="endpoint"),
    path(_ENDPOINT + "edit", views.edit, name="edit"),
    path(_ENDPOINT + "delete", views.delete, name="delete"),
    path(_ENDPOINT + "pause", views.pause, name="pause"),
    path(_ENDPOINT + "resume", views.resume, name="resume"),
    path(_ENDPOINT + "test", views.send_test, name="test"),
    path(_ENDPOINT + "secret", views.secret, name="secret"),
    path(_ENDPOINT + "secret/rotate", views.rotate_secret, name="rotate_secret"),
    path(_ENDPOINT + "resend", views.resend_failed, name="resend_failed"),
    path(_ENDPOINT + "deliveries/<slug:delivery_id>/resend", views.resend, name="resend"),
]
