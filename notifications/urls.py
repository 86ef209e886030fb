"""The addresses of the inbox."""

from django.urls import path

from notifications import views

app_name = "notifications"

urlpatterns = [
    path("notifications/", views.inbox, name="inbox"),
    path("notifications/panel", views.panel, name="panel"),
    path("notifications/bell", views.bell, name="bell"),
    path("notifications/read", views.read_all, name="read_all"),
    path("notifications/<int:pk>/", views.open_notification, name="open"),
    path("notifications/<int:pk>/read", views.read, name="read"),
    path("account/notifications/", views.preferences, name="preferences"),
]
