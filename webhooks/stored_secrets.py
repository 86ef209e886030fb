"""The secrets that the database keeps, encrypted anew after SECRET_KEY was changed."""

from dataclasses import dataclass, field

from contentgen import encryption
from webhooks.models import Endpoint

_COLUMNS = ("secret", "former_secret")


@dataclass
class RotationResult:
    """How many secrets were encrypted anew, how many needed nothing, and whose cannot be read."""

    rotated: int = 0
    current: int = 0
    unreadable: list[str] = field(default_factory=list)


def reencrypt_secrets() -> RotationResult:
    """Encrypt each secret with SECRET_KEY, where one of SECRET_KEY_FALLBACKS made it.

    Each is a step of its own, after which it can be read as before: one that is cut off is run again. A
    secret that is rotated meanwhile stays.
    """
    result = RotationResult()
    for endpoint in Endpoint.objects.order_by("pk"):
        for column in _COLUMNS:
            if token := getattr(endpoint, column):
                _reencrypt(endpoint, column, token, result)
    return result


def _reencrypt(endpoint: Endpoint, column: str, token: str, result: RotationResult) -> None:
    if encryption.is_current(token):
        result.current += 1
    elif not encryption.is_readable(token):
        result.unreadable.append(endpoint.public_id)
    else:
        anew = encryption.encrypt(encryption.decrypt(token))
        same = Endpoint.objects.filter(pk=endpoint.pk, **{column: token})
        result.rotated += same.update(**{column: anew})
