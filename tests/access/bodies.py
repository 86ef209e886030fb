"""What is sent along, so that whoever may do it gets it done. By method and route."""

from typing import Any

Body = dict[str, Any]

_VIDEO: Body = {"prompt": "A lake", "model": "sora-2", "seconds": 4, "size": "1280x720"}
_PROMPT: Body = {"prompt": "A lake"}
_EXTENSION: Body = {**_PROMPT, "seconds": 4}
_HOOK: Body = {"url": "https://hooks.example.org/", "kinds": ["video.failed"]}
_CLIP: Body = {"video": {"id": "video_people"}}

_PAGES: dict[str, Body] = {
    "": _VIDEO,
    "library/selected": {"do": "trash", "id": ["video_people"]},
    "library/jobs": {"do": "retry", "id": ["video_failed"]},
    "videos/<slug:public_id>/note": {"note": "Mine"},
    "videos/<slug:public_id>/rate": {"rating": "4"},
    "videos/<slug:public_id>/tag": {"tag": "mine"},
    "videos/<slug:public_id>/collect": {"collection_name": "All of the wombat"},
    "videos/<slug:public_id>/uncollect": {"collection": "collection_people"},
    "videos/<slug:public_id>/remix": _PROMPT,
    "videos/<slug:public_id>/edit": _PROMPT,
    "videos/<slug:public_id>/extend": _EXTENSION,
    "videos/<slug:public_id>/character": {"name": "Fox"},
    "videos/<slug:public_id>/adopt": {"job_id": "job_7"},
    "videos/<slug:public_id>/share": {"days": "30"},
    "collections/new": {"name": "Autumn", "visibility": "private"},
    "collections/<slug:public_id>/edit": {"name": "Autumn", "visibility": "people"},
    "collections/<slug:public_id>/people": {"username": "stranger", "role": "viewer"},
    "collections/<slug:public_id>/people/remove": {"username": "member"},
    "collections/<slug:public_id>/owner": {"username": "editor"},
    "collections/<slug:public_id>/share": {"days": "30"},
    "batches/<slug:public_id>/start": {"again": "1"},
    "queue/change": {"do": "pause_queue"},
    "queue/cancel": {"all": "1", "confirmed": "1"},
    "queues/maintenance": {"do": "begin"},
    "queues/backends/<int:pk>/": {"do": "pause"},
    "queues/people/<int:pk>/": {"do": "pause"},
    "links/<slug:public_id>/": {"title": "Cut 2"},
    "references/<slug:public_id>/name": {"name": "Fox"},
    "templates/new": {"title": "Fox", "prompt": "A fox"},
    "templates/<int:pk>/": {"title": "Fox", "prompt": "A fox"},
    "prompts/improve": _PROMPT,
    "models/favourite": {"name": "sora-2", "on": "1"},
    "approvals/<slug:public_id>/decline": {"note": "Too dear"},
    "budgets/": {"target": "user:stranger", "period": "week", "amount": "5"},
    "accounts/invitations/": {"role": "viewer", "days": "7"},
    "accounts/offers/<int:pk>/answer": {"answer": "decline"},
    "account/notifications/": {"long_minutes": "5"},
    "accounts/profile/": {"theme": "dark", "date_style": "iso"},
    "accounts/tokens/": {"name": "Mine", "scope": "read", "days": "30"},
    "accounts/webhooks/new": _HOOK,
    "accounts/webhooks/<slug:public_id>/edit": _HOOK,
    "accounts/webhooks/<slug:public_id>/resend": {"hours": "24"},
    "spend/<slug:public_id>/<int:attempt>/release": {"note": "It was never made"},
    "s/<slug:secret>/unlock": {"password": "no idea"},
    "s/<slug:secret>/comment": {"name": "Dora", "text": "Fine"},
    "s/<slug:secret>/videos/<slug:item>/comment": {"name": "Dora", "text": "Fine"},
}
_API: dict[str, Body] = {
    "POST api/v1/videos/generate": _VIDEO,
    "POST api/v1/videos/actions": {"action": "cancel", "ids": ["video_queued"]},
    "PATCH api/v1/videos/<slug:video_id>": {"rating": 4},
    "POST api/v1/videos/<slug:video_id>/remix": _PROMPT,
    "POST api/v1/videos/<slug:video_id>/edit": _PROMPT,
    "POST api/v1/videos/<slug:video_id>/extend": _EXTENSION,
    "POST api/v1/videos/<slug:video_id>/adopt": {"job_id": "job_7"},
    "POST api/v1/videos/<slug:video_id>/share_links": {"days": 30},
    "POST api/v1/collections": {"name": "Autumn"},
    "PATCH api/v1/collections/<slug:collection_id>": {"name": "Autumn"},
    "POST api/v1/collections/<slug:collection_id>/items": {"ids": ["video_team"]},
    "POST api/v1/collections/<slug:collection_id>/members": {"username": "stranger"},
    "POST api/v1/collections/<slug:collection_id>/share_links": {"days": 30},
    "PATCH api/v1/share_links/<slug:link_id>": {"title": "Cut 2"},
    "POST api/v1/batches": {"rows": [_PROMPT]},
    "POST api/v1/queue/actions": {"action": "front", "ids": ["video_queued"]},
    "POST api/v1/webhooks": _HOOK,
    "PATCH api/v1/webhooks/<slug:webhook_id>": {"description": "Mine"},
    "POST api/v1/webhooks/<slug:webhook_id>/resend-failed": {"since": 0},
    "POST api/v1/prompts/improve": _PROMPT,
    "POST api/v1/prompts/describe": {"reference": "ref_none"},
    "POST v1/videos": _VIDEO,
    "POST v1/videos/<str:video_id>/remix": _PROMPT,
    "POST v1/videos/edits": {**_PROMPT, **_CLIP},
    "POST v1/videos/extensions": {**_EXTENSION, **_CLIP},
}
BODIES = {**{f"POST {route}": body for route, body in _PAGES.items()}, **_API}
