"""What django-ninja leaves out of our OpenAPI file: tags, parameters of addresses, a body by its name."""

from typing import Any

from videos.api.openapi import Part, content_of
from videos.api.rest.batch_schemas import BatchIn
from videos.api.rest.schemas import GenerateIn

GENERATE_BODY: Part = {
    "required": True,
    "content": content_of({"application/json": "GenerateIn", "multipart/form-data": "GenerateForm"}),
}
BATCH_BODY: Part = {
    "required": True,
    "content": content_of({"application/json": "BatchIn", "multipart/form-data": "BatchForm"}),
}
_TAGS = {
    "Videos": "Create videos, follow them, fetch them.",
    "Derivations": "Videos made from videos.",
    "Actions": "What can be done with a video: its `actions` name what is possible now.",
    "Collections": "Videos that belong together, and the people who may see them.",
    "Batches": "Many videos at once, from rows or a file.",
    "Prompts": "Help with prompts, by a chat server that the studio's operator names.",
    "Queue": "What waits to be submitted: its order and its pauses.",
    "Catalogue": "What can be asked for, and ready-made prompts.",
    "Approvals": "Requests whose price a manager has to approve.",
    "Usage": "What was spent.",
    "Sharing": "Links by which people without an account watch.",
    "Notifications": "What you were told: videos that are done, failed or need you, approvals, budgets.",
    "Webhooks": "Where the studio tells of events by itself.",
}
_TAG_OF = {
    **dict.fromkeys(("remix", "edit", "extend"), "Derivations"),
    **dict.fromkeys(
        ("retry", "submit_again", "adopt", "give_up", "check_again", "cancel", "delete"), "Actions"
    ),
    **dict.fromkeys(
        (
            *("create_batch", "list_batches", "retrieve_batch", "batch_rows", "start_batch", "pause_batch"),
            *("resume_batch", "cancel_batch", "retry_batch", "discard_batch"),
        ),
        "Batches",
    ),
    **dict.fromkeys(("models", "templates"), "Catalogue"),
    **dict.fromkeys(("approval", "withdraw_approval"), "Approvals"),
    **dict.fromkeys(
        (
            *("list_collections", "create_collection", "retrieve_collection", "update_collection"),
            *("delete_collection", "add_items", "remove_item", "list_members", "set_member", "remove_member"),
        ),
        "Collections",
    ),
    "spent": "Usage",
}
_PARAMETERS = {
    "video_id": ("The id of a video of yours.", "video_2k7c0s5pq9v1"),
    "approval_id": (
        "The id of a request that waits, or waited.",
        "approval_0123456789abcdef0123456789abcdef",
    ),
    "collection_id": ("The id of a collection that you see.", "collection_2k7c0s5pq9v1"),
    "link_id": ("The id of a share link of yours.", "link_2k7c0s5pq9v1"),
    "webhook_id": ("The id of a webhook of yours.", "hook_2k7c0s5pq9v1"),
    "delivery_id": ("The id of one of its deliveries.", "dlv_2k7c0s5pq9v1"),
    "username": ("The username of one of its people.", "bob"),
    "batch_id": ("The id of a batch of yours.", "batch_2k7c0s5pq9v1"),
    "candidate_id": ("The number of the candidate, as in its address.", 1),
    "notification_id": ("The number of a notification of yours.", 1),
    "output_type": ("Which file of the video.", "video"),
}


def complete(document: Part) -> None:
    """Add to django-ninja's `document` all that it leaves out."""
    document["tags"] = [{"name": name, "description": text} for name, text in _TAGS.items()]
    document["components"]["schemas"] |= {
        "GenerateIn": _generate(),
        "GenerateForm": _generate_form(),
        "BatchIn": BatchIn.model_json_schema(),
        "BatchForm": _batch_form(),
    }
    for path in document["paths"].values():
        for operation in path.values():
            _complete_operation(operation)


def _complete_operation(operation: dict[str, Any]) -> None:
    operation.setdefault("tags", [_TAG_OF.get(operation["operationId"], "Videos")])
    for parameter in operation.get("parameters", ()):
        if parameter["name"] in _PARAMETERS:
            parameter["description"], parameter["example"] = _PARAMETERS[parameter["name"]]


def _batch_form() -> Part:
    """Return the schema of the form: the fields of the JSON body, and files in place of its rows."""
    schema = BatchIn.model_json_schema()
    binary = {"type": "string", "format": "binary"}
    fields = {name: field for name, field in schema["properties"].items() if name != "rows"}
    fields["file"] = {**binary, "description": "XLSX, CSV, TSV, JSON or JSON Lines."}
    fields["images"] = {**binary, "description": "A ZIP of the images that rows name."}
    return {**schema, "title": "BatchForm", "description": "The same with a file.", "properties": fields}


def _generate() -> Part:
    return GenerateIn.model_json_schema(ref_template="#/components/schemas/{model}")


def _generate_form() -> Part:
    """Return the schema of the form, whose fields are those of the JSON body and a file."""
    schema = _generate()
    characters = {"type": "string", "description": "Ids of characters, separated by commas."}
    binary = {"type": "string", "format": "binary"}
    form = {
        **schema["properties"],
        "characters": characters,
        "collections": {"type": "string", "description": "Ids of collections, separated by commas."},
        "input_reference": {
            **binary,
            "description": "A JPEG, PNG, WebP, HEIC or AVIF image to start from; or its id in `reference`.",
        },
        "last_frame": {**binary, "description": "Such an image to end with, or its id as text."},
        "references": {
            "type": "array",
            "items": binary,
            "description": "Further images to follow; as text, their ids, separated by commas.",
        },
    }
    form["parameters"] = {
        "type": "string",
        "description": "The JSON object, as text.",
        "examples": ['{"seed": 7}'],
    }
    return {
        **schema,
        "title": "GenerateForm",
        "description": "The same as a form, which may bring images as files.",
        "properties": form,
    }
