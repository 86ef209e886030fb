"""What of this app writes sentences that are stored, for `contentgen.stored_texts`."""

from webhooks import problems  # noqa: F401  # makes its sentences known
