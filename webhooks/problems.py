"""The sentences about deliveries that are stored, in English, and shown in the language of their reader."""

from django.utils.translation import gettext_noop

from contentgen.stored_texts import sentence

INSIDE = sentence(
    gettext_noop("%(address)s is inside a private network or on this machine, where webhooks are not sent."),
    alone=True,
)
REDIRECTED = sentence(
    gettext_noop("The receiver answered %(status)s. Redirects are not followed: enter where it leads.")
)
REFUSED = sentence(gettext_noop("The receiver answered %(status)s."))
GONE = sentence(gettext_noop("The receiver answered 410: it does not want these any more."))
NO_RESPONSE = sentence(gettext_noop("No response within %(seconds)s seconds."))
UNKNOWN_HOST = sentence(gettext_noop("The host's name could not be found."))
NO_CONNECTION = sentence(gettext_noop("No connection: %(error)s."))
BROKE_OFF = sentence(gettext_noop("The connection broke off before there was a response."))
FAILED_FOR_DAYS = sentence(
    gettext_noop("It has failed for %(days)s days. The last time: %(sentence)s"), alone=True
)
NOT_SENT = sentence(gettext_noop("Given up: this webhook was disabled."), alone=True)
ACCOUNT_DISABLED = sentence(gettext_noop("Given up: the account was disabled."), alone=True)
TOO_MANY = sentence(
    gettext_noop("Not sent: 10,000 deliveries were waiting for this receiver already."), alone=True
)
UNREADABLE = sentence(
    gettext_noop("The secret can't be read with this SECRET_KEY. Rotate it, or bring the former key back.")
)
