"""Whether an export was written by a studio with this SECRET_KEY, and not changed since."""

from django.core.signing import BadSignature, Signer

_SALT = "contentgen.export"


def sign(sums_sha256: str) -> str:
    """Return a signature over the list of checksums, and so over every file."""
    return Signer(salt=_SALT).signature(sums_sha256)


def is_genuine(sums_sha256: str, signature: str) -> bool:
    """Whether `sign` returned that, with SECRET_KEY or one of its fallbacks."""
    try:
        Signer(salt=_SALT).unsign(f"{sums_sha256}:{signature}")
    except BadSignature:
        return False
    return True
