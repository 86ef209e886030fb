"""The pages and fragments of the studio."""

from django.urls import path

from videos.views import actions, cards, detail, files, history, library, studio, templates

app_name = "videos"

_ONE = "videos/<slug:public_id>/"

urlpatterns = [
    path("", studio.studio, name="studio"),
    path("library/", library.library, name="library"),
    path("history/", history.history, name="history"),
    path("templates/", templates.templates, name="templates"),
    path("templates/new", templates.create, name="template_new"),
    path("templates/<int:pk>/", templates.change, name="template"),
    path("templates/<int:pk>/delete", templates.delete, name="template_delete"),
    path("cards", cards.cards, name="cards"),
    path(_ONE, detail.detail, name="detail"),
    path(_ONE + "delete", detail.delete, name="delete"),
    path(_ONE + "cancel", actions.cancel, name="cancel"),
    path(_ONE + "retry", actions.retry, name="retry"),
    path(_ONE + "check-again", actions.check_again, name="check_again"),
    path(_ONE + "submit-again", actions.submit_again, name="submit_again"),
    path(_ONE + "give-up", actions.give_up, name="give_up"),
    path(_ONE + "video.mp4", files.file, name="file"),
    path(_ONE + "poster.webp", files.poster, name="poster"),
    path(_ONE + "scrub.jpg", files.scrub, name="scrub"),
    path(_ONE + "reference", files.reference, name="reference"),
]
