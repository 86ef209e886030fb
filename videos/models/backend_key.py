"""Where a backend is, and the key that it is sent: from a variable, or stored encrypted."""

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from contentgen import encryption
from videos.key_names import describe_key_names, is_key_name, read_key

STORED = "(stored)"  # no variable can have this name
UNREADABLE_KEY = _(
    "The stored key can't be read with this SECRET_KEY, so nothing is sent. Put the former SECRET_KEY into "
    "SECRET_KEY_FALLBACKS and restart, or paste the key again in the admin under Backends."
)
_UNCONFIRMED_STORED = _(
    "The stored key has not been confirmed for %(address)s, so nothing is sent. A superuser confirms it in "
    "the admin under Backends."
)
_UNCONFIRMED_VARIABLE = _(
    "The key in %(variable)s has not been confirmed for %(address)s, so nothing is sent. A superuser "
    "confirms it in the admin under Backends."
)


class BackendKey(models.Model):
    """The columns and properties of `Backend` that say where a key comes from and where it may go."""

    is_simulator = models.BooleanField(default=False, editable=False)
    base_url = models.CharField(  # not a URLField, which refuses http://vllm:8000 inside a private network
        _("base URL"),
        max_length=500,
        blank=True,
        help_text=_(
            "Ends in the API's version, mostly /v1. Empty for the simulator, whose address may change."
        ),
    )
    key_env = models.CharField(
        _("variable with the key"),
        max_length=100,
        blank=True,
        validators=[
            RegexValidator(
                r"\A[A-Za-z_][A-Za-z0-9_]*\Z",
                _("Give the name of an environment variable, such as BACKEND_KEY_BOX, never the key itself."),
            )
        ],
        help_text=_(
            "The name of the environment variable that holds the key, never the key itself. "
            "Empty: the server wants none."
        ),
    )
    stored_key = models.TextField(
        blank=True,
        default="",
        editable=False,
        help_text=_("A key that was pasted, encrypted with SECRET_KEY."),
    )
    key_stored_at = models.DateTimeField(null=True, editable=False)
    key_confirmed_for = models.CharField(
        max_length=700,
        blank=True,
        default="",
        editable=False,
        help_text=_("The key and the address that were confirmed together: the key goes nowhere else."),
    )
    webhook_secret_env = models.CharField(
        _("variable with the webhook secret"),
        max_length=100,
        blank=True,
        validators=[
            RegexValidator(
                r"\A[A-Za-z_][A-Za-z0-9_]*\Z",
                _("Give the name of an environment variable, such as BACKEND_KEY_HOOKS, never the secret."),
            )
        ],
        help_text=_(
            "The name of the environment variable that holds the secret with which the service signs "
            "its webhooks, never the secret itself. Empty: no signed webhooks are taken."
        ),
    )
    in_private_network = models.BooleanField(
        _("inside a private network"),
        null=True,
        blank=True,
        help_text=_(
            "Yes: it, and the files that it names, may be at private addresses. No: it must be on the "
            "internet and may name nothing else. Unknown: the first probe finds out."
        ),
    )

    class Meta:
        abstract = True

    @property
    def address(self) -> str:
        """The base URL to call. The simulator's is read from the settings, because its port may change."""
        url: str = settings.SIMULATOR_URL if self.is_simulator else self.base_url
        return url

    @property
    def key_source(self) -> str:
        """Where the key comes from: a variable's name, or `STORED`; empty where none is wanted."""
        return STORED if self.stored_key else self.key_env

    @property
    def key_destination(self) -> str:
        """Where the key comes from and the address it goes to: what is confirmed, and only together."""
        return f"{self.key_source} {self.base_url}" if self.key_source else ""

    @property
    def key_label(self) -> str:
        """What logs and stored sentences call the key, in English."""
        return "the stored key" if self.stored_key else f"the key in {self.key_env}"

    @property
    def key_problem(self) -> str:
        """Why the key must not be sent, and what to do about it; empty where nothing stands against it."""
        if self.is_simulator or not self.key_source:
            return ""
        if not self.stored_key and not is_key_name(self.key_env):
            problem = gettext("%(variable)s is no variable for a backend's key, so nothing is sent.")
            return f"{problem % {'variable': self.key_env}} {describe_key_names()}"
        if self.key_confirmed_for != self.key_destination:
            unconfirmed = _UNCONFIRMED_STORED if self.stored_key else _UNCONFIRMED_VARIABLE
            return str(unconfirmed) % {"variable": self.key_env, "address": self.base_url}
        return str(UNREADABLE_KEY) if self.stored_key and not encryption.is_readable(self.stored_key) else ""

    @property
    def webhook_secret(self) -> str:
        """The secret with which its webhooks are signed, read from the environment now; else empty."""
        return read_key(self.webhook_secret_env)

    @property
    def key(self) -> str:
        """The key to send, read now; empty where there is none, or it must not be sent.

        One that was pasted is decrypted, any other is read from the environment.
        """
        if self.is_simulator:
            key: str = settings.SIMULATOR_API_KEY
            return key
        if self.key_problem:
            return ""
        return encryption.decrypt(self.stored_key) if self.stored_key else read_key(self.key_env)

    def store_key(self, key: str) -> None:
        """Keep a key encrypted, in place of a variable's. An empty one takes away what is stored.

        It goes nowhere unless it is confirmed for the address. The row is not saved.
        """
        self.stored_key = encryption.encrypt(key) if key else ""
        self.key_stored_at = timezone.now() if key else None
        if key:
            self.key_env = ""
