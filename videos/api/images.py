"""Images that come with a request to either API: opened, and refused by the name that the API gives them."""

from collections.abc import Iterable

from django.conf import settings

from videos.api.contract import Contract
from videos.api.errors import ApiError
from videos.media.reference import BadReferenceError, open_reference
from videos.services.images import NewImage


def open_image(content: bytes, contract: Contract, *, param: str, file_name: str = "") -> NewImage:
    """Return an image that a request brought, opened. Raises `ApiError` about `param`."""
    try:
        return NewImage(open_reference(content, max_bytes=settings.MAX_FILE_SIZE), file_name)
    except BadReferenceError as error:
        raise bad_image(error, contract, param=param) from error


def bad_image(error: BadReferenceError, contract: Contract, *, param: str) -> ApiError:
    """Return the error for an image that cannot be used."""
    if error.code == "busy":  # not the image's fault
        return ApiError(503, "busy", str(error), headers={"Retry-After": "5"})
    return ApiError(contract.status_for(error.code), error.code, str(error), param=param)


def numbered(name: str, contents: Iterable[bytes]) -> dict[str, bytes]:
    """Return the contents by name and place, as a fingerprint names them."""
    return {f"{name}[{place}]": content for place, content in enumerate(contents)}
