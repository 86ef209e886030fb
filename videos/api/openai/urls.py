"""The addresses below /v1, as the Videos API has them: none ends in a slash."""

from django.urls import path, re_path

from videos.api.openai import characters, views
from videos.api.openai.endpoint import door, nothing

app_name = "openai"

_ONE = "videos/<str:video_id>"

urlpatterns = [
    path("videos", door(GET=views.index, POST=views.create), name="videos"),
    path("videos/edits", door(POST=views.edit), name="edits"),
    path("videos/extensions", door(POST=views.extend), name="extensions"),
    path("videos/characters", door(POST=characters.create), name="characters"),
    path("videos/characters/<str:character_id>", door(GET=characters.retrieve), name="character"),
    path(_ONE, door(GET=views.retrieve, DELETE=views.delete), name="video"),
    path(_ONE + "/content", door(GET=views.content), name="content"),
    path(_ONE + "/remix", door(POST=views.remix), name="remix"),
    path("models", door(GET=views.models), name="models"),
    path("models/<path:name>", door(GET=views.model), name="model"),
    re_path("", nothing),
]
