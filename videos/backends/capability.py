"""What a backend may or may not be able to do."""

from enum import StrEnum


class Capability(StrEnum):
    """Something that not every service can do. The values are the names of the fields of `Backend`."""

    LIST = "can_list"
    DELETE = "can_delete"
    REMIX = "can_remix"
    EDIT = "can_edit"
    EXTEND = "can_extend"
    CHARACTERS = "can_characters"
    REFERENCE = "takes_reference"
    IDEMPOTENCY_KEY = "honours_idempotency_key"
