"""What of this app writes sentences that are stored, for `contentgen.stored_texts`."""

from accounts import deletion  # noqa: F401  # makes its sentences known
