"""What one API has published that the other does differently."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from videos.api.errors import ApiError


@dataclass(frozen=True)
class Contract:
    """What one API has published that the other does differently: statuses, codes and limits.

    `exceptional_statuses` are those of single fields, and of single codes of an unusable image.
    """

    name: str
    max_body_size: Callable[[], int]  # bytes
    json_may_hold_files: bool  # in base64; otherwise a JSON body is bounded as the text of a form
    invalid_status: int
    wrong_type_code: str
    body_param: str | None  # what an error about the whole body names as its field
    too_large_code: str
    unreadable_code: str
    internal_error_code: str
    cache_control: Mapping[str, bool]
    field_names: Mapping[str, str]  # of those that the API calls otherwise than the services
    # A budget that has too little left: the code, and headers beside it.
    budget_status: int = 402
    budget_code: str = "budget_exceeded"
    budget_headers: Mapping[str, str] = field(default_factory=dict)
    # Where a model's parameters are fields of the request itself, instead of an object `parameters`.
    parameters_are_fields: bool = False
    exceptional_statuses: Mapping[str, int] = field(default_factory=dict)

    def status_for(self, name: str) -> int:
        return self.exceptional_statuses.get(name, self.invalid_status)

    def too_large(self, max_size: int, *, what: str = "request") -> ApiError:
        """Return the error for a request, or `what` of it, of more than `max_size` bytes."""
        message = f"The {what} is larger than {max_size / 1048576:.3g} MB."
        return ApiError(413, self.too_large_code, message)
