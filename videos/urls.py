"""The pages and fragments of the studio."""

from django.urls import path

from videos.views import (
    actions,
    annotations,
    bulk,
    bulk_jobs,
    cards,
    characters,
    charges,
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

_VIDEO = "videos/<slug:public_id>/"
_CHARACTER = "characters/<slug:public_id>/"
_REFERENCE = "references/<slug:public_id>/"

urlpatterns = [
    path("", studio.studio, name="studio"),
    path("library/", library.library, name="library"),
    path("library/selected", bulk.bulk, name="bulk"),
    path("library/jobs", bulk_jobs.jobs, name="bulk_jobs"),
    path("spend/<slug:public_id>/<int:attempt>/release", charges.release, name="release_charge"),
    path("compare", compare.compare, name="compare"),
    path("trash/", trash.trash, name="trash"),
    path("trash/empty", trash.empty, name="empty_trash"),
    path("trash/undo", trash.undo, name="undo"),
    path("history/", history.history, name="history"),
    path("templates/", templates.templates, name="templates"),
    path("templates/new", templates.create, name="template_new"),
    path("templates/<int:pk>/", templates.edit, name="template"),
    path("templates/<int:pk>/delete", templates.delete, name="template_delete"),
    path("cards", cards.cards, name="cards"),
    path(_VIDEO, detail.detail, name="detail"),
    path(_VIDEO + "favourite", bulk.favourite, name="favourite"),
    path(_VIDEO + "note", annotations.note, name="note"),
    path(_VIDEO + "tag", annotations.tag, name="tag"),
    path(_VIDEO + "untag", annotations.untag, name="untag"),
    path(_VIDEO + "trash", trash.trash_video, name="move_to_trash"),
    path(_VIDEO + "restore", trash.restore, name="restore"),
    path(_VIDEO + "delete", detail.delete, name="delete"),
    path(_VIDEO + "remix", derivations.remix, name="remix"),
    path(_VIDEO + "edit", derivations.edit, name="edit"),
    path(_VIDEO + "extend", derivations.extend, name="extend"),
    path(_VIDEO + "character", characters.from_video, name="character_from_video"),
    path(_VIDEO + "cancel", actions.cancel, name="cancel"),
    path(_VIDEO + "retry", actions.retry, name="retry"),
    path(_VIDEO + "check-again", actions.recheck, name="recheck"),
    path(_VIDEO + "submit-again", actions.resubmit, name="resubmit"),
    path(_VIDEO + "confirm/<slug:action>", actions.confirm_price, name="confirm_price"),
    path(_VIDEO + "adopt", actions.adopt, name="adopt"),
    path(_VIDEO + "give-up", actions.abandon, name="abandon"),
    path(_VIDEO + "video.mp4", files.file, name="file"),
    path(_VIDEO + "poster.webp", files.poster, name="poster"),
    path(_VIDEO + "scrub.jpg", files.scrub, name="scrub"),
    path(_VIDEO + "candidates/<int:candidate_id>/picture", files.candidate_picture, name="candidate_picture"),
    path(_VIDEO + "reference", files.reference, name="reference"),
    path("references/", references.references, name="references"),
    path(_REFERENCE + "name", references.name, name="reference_name"),
    path(_REFERENCE + "delete", references.delete, name="reference_delete"),
    path(_REFERENCE + "picture", files.picture, name="reference_picture"),
    path(_REFERENCE + "thumbnail", files.thumbnail, name="reference_thumbnail"),
    path("characters/", characters.characters, name="characters"),
    path(_CHARACTER + "delete", characters.delete, name="character_delete"),
    path(_CHARACTER + "clip.mp4", characters.clip, name="character_clip"),
]
