"""What browsers are told in headers: who may call the APIs, and what pages may do."""

from collections.abc import Sequence

from csp.constants import NONE, SELF

CORS_URLS_REGEX = r"^/(api|v1)/"
CORS_ALLOW_CREDENTIALS = False
CORS_ALLOW_HEADERS = (
    *("accept", "authorization", "confirm-price", "content-type", "idempotency-key", "if-none-match"),
    *("if-range", "range"),
    # What the openai packages send; a browser asks for each header by name.
    *(
        f"x-stainless-{name}"
        for name in (
            *("arch", "lang", "os", "package-version", "retry-count"),
            *("runtime", "runtime-version", "timeout", "helper-method"),
        )
    ),
    *("openai-organization", "openai-project"),
)
CORS_EXPOSE_HEADERS = (
    "content-range",
    "etag",
    "idempotent-replayed",
    "ignored-fields",
    "openai-poll-after-ms",
    "retry-after",
    "x-request-id",
)

SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# No page needs any of these, so no script on one gets them either.
_UNUSED_FEATURES = "camera display-capture geolocation gyroscope microphone midi payment serial usb"
PERMISSIONS_POLICY: dict[str, list[str]] = {feature: [] for feature in _UNUSED_FEATURES.split()}


def content_security_policy(media_origins: Sequence[str] = ()) -> dict[str, dict[str, list[str]]]:
    """Return the policy for pages whose stored pictures and videos may come from these origins too."""
    return {
        "DIRECTIVES": {
            "default-src": [SELF],
            "img-src": [SELF, "data:", "blob:", *media_origins],
            "media-src": [SELF, "blob:", *media_origins],
            "object-src": [NONE],
            "base-uri": [SELF],
            "form-action": [SELF],
            "frame-ancestors": [NONE],
        }
    }
