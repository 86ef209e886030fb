"""The addresses below /v1, as the Videos API has them: none ends in a slash."""

from django.urls import path, re_path

from videos.api import openai, openai_characters
from videos.api.openai_door import door, nothing

app_name = "openai"

_ONE = "videos/<str:video_id>"

urlpatterns = [
    path("videos", door(GET=openai.index, POST=openai.create), name="videos"),
    path("videos/edits", door(POST=openai.edit), name="edits"),
    path("videos/extensions", door(POST=openai.extend), name="extensions"),
    path("videos/characters", door(POST=openai_characters.create), name="characters"),
    path("videos/characters/<str:character_id>", door(GET=openai_characters.retrieve), name="character"),
    path(_ONE, door(GET=openai.retrieve, DELETE=openai.delete), name="video"),
    path(_ONE + "/content", door(GET=openai.content), name="content"),
    path(_ONE + "/remix", door(POST=openai.remix), name="remix"),
    path("models", door(GET=openai.models), name="models"),
    path("models/<path:name>", door(GET=openai.model), name="model"),
    re_path("", nothing),
]
