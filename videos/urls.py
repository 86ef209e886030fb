"""The pages and fragments of the studio."""

from django.urls import path

from videos.views import (
    actions,
    annotations,
    bulk,
    cards,
    characters,
    compare,
    derivations,
    detail,
    files,
    history,
    library,
    references,
    studio,
    templates,
    trash,
)

app_name = "videos"

_ONE = "videos/<slug:public_id>/"
_CHARACTER = "characters/<slug:public_id>/"
_REFERENCE = "references/<slug:public_id>/"

urlpatterns = [
    path("", studio.studio, name="studio"),
    path("library/", library.library, name="library"),
    path("library/selected", bulk.bulk, name="bulk"),
    path("compare", compare.compare, name="compare"),
    path("trash/", trash.trash, name="trash"),
    path("trash/empty", trash.empty, name="empty_trash"),
    path("trash/undo", trash.undo, name="undo"),
    path("history/", history.history, name="history"),
    path("templates/", templates.templates, name="templates"),
    path("templates/new", templates.create, name="template_new"),
    path("templates/<int:pk>/", templates.change, name="template"),
    path("templates/<int:pk>/delete", templates.delete, name="template_delete"),
    path("cards", cards.cards, name="cards"),
    path(_ONE, detail.detail, name="detail"),
    path(_ONE + "favourite", bulk.favourite, name="favourite"),
    path(_ONE + "note", annotations.note, name="note"),
    path(_ONE + "tag", annotations.tag, name="tag"),
    path(_ONE + "untag", annotations.untag, name="untag"),
    path(_ONE + "trash", trash.trash_video, name="throw"),
    path(_ONE + "restore", trash.restore, name="restore"),
    path(_ONE + "delete", detail.delete, name="delete"),
    path(_ONE + "remix", derivations.remix, name="remix"),
    path(_ONE + "edit", derivations.edit, name="edit"),
    path(_ONE + "extend", derivations.extend, name="extend"),
    path(_ONE + "character", characters.from_video, name="character_from"),
    path(_ONE + "cancel", actions.cancel, name="cancel"),
    path(_ONE + "retry", actions.retry, name="retry"),
    path(_ONE + "check-again", actions.check_again, name="check_again"),
    path(_ONE + "submit-again", actions.submit_again, name="submit_again"),
    path(_ONE + "give-up", actions.give_up, name="give_up"),
    path(_ONE + "video.mp4", files.file, name="file"),
    path(_ONE + "poster.webp", files.poster, name="poster"),
    path(_ONE + "scrub.jpg", files.scrub, name="scrub"),
    path(_ONE + "reference", files.reference, name="reference"),
    path("references/", references.references, name="references"),
    path(_REFERENCE + "name", references.name, name="reference_name"),
    path(_REFERENCE + "delete", references.delete, name="reference_delete"),
    path(_REFERENCE + "picture", files.picture, name="reference_picture"),
    path(_REFERENCE + "thumbnail", files.thumbnail, name="reference_thumbnail"),
    path("characters/", characters.characters, name="characters"),
    path(_CHARACTER + "delete", characters.delete, name="character_delete"),
    path(_CHARACTER + "clip.mp4", characters.clip, name="character_clip"),
]
