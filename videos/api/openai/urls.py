"""Addresses below /v1, as in the Videos API: none ends in a slash."""

from django.urls import path, re_path

from videos.api.openai import characters, views
from videos.api.openai.document import openapi
from videos.api.openai.endpoint import dispatch_by_method, unknown_url
from videos.api.openai.requests import IMAGES_CONTRACT

app_name = "openai"

_ONE = "videos/<str:video_id>"

urlpatterns = [
    path("videos", dispatch_by_method(IMAGES_CONTRACT, GET=views.index, POST=views.create), name="videos"),
    path("videos/edits", dispatch_by_method(POST=views.edit), name="edits"),
    path("videos/extensions", dispatch_by_method(POST=views.extend), name="extensions"),
    path("videos/characters", dispatch_by_method(POST=characters.create), name="characters"),
    path(
        "videos/characters/<str:character_id>", dispatch_by_method(GET=characters.retrieve), name="character"
    ),
    path(_ONE, dispatch_by_method(GET=views.retrieve, DELETE=views.delete), name="video"),
    path(_ONE + "/content", dispatch_by_method(GET=views.content), name="content"),
    path(_ONE + "/remix", dispatch_by_method(POST=views.remix), name="remix"),
    path("models", dispatch_by_method(GET=views.models), name="models"),
    path("models/<path:name>", dispatch_by_method(GET=views.model), name="model"),
    path("openapi.json", openapi, name="openapi"),
    re_path("", unknown_url),
]
