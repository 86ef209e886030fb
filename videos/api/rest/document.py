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
    "Batches": "Many videos at once, from rows or a file.",
    "Catalogue": "What can be asked for, and ready-made prompts.",
    "Usage": "What was spent.",
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
    "spent": "Usage",
}
_PARAMETERS = {
    "video_id": ("The id of a video of yours.", "video_2k7c0s5pq9v1"),
    "batch_id": ("The id of a batch of yours.", "batch_2k7c0s5pq9v1"),
    "candidate_id": ("The number of the candidate, as in its address.", 1),
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
