"""The catalogue: which models there are, and what each accepts."""

import re
from decimal import Decimal

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from videos.models.backend import Backend
from videos.parameters import parse_declarations

ANY_SIZE = "*"
MAX_REFERENCES = 10  # further images of one video, whatever its model takes
_RATE = re.compile(r"[0-9]{1,5}(\.[0-9]{1,4})?")  # exact in a browser's arithmetic too


class VideoModel(models.Model):
    """One model that people can choose. What it accepts is data, not the SDK's literals: servers differ."""

    name = models.CharField(max_length=100, unique=True, help_text=_("The name that the backend knows."))
    label = models.CharField(max_length=100)
    description = models.CharField(max_length=200, blank=True)
    sizes = models.JSONField(default=list, help_text=_('Sizes it accepts, such as ["1280x720", "720x1280"].'))
    seconds = models.JSONField(
        default=list, help_text=_("Lengths it accepts, in seconds, such as [4, 8, 12].")
    )
    price_per_second = models.JSONField(
        default=dict,
        blank=True,
        help_text=_(
            "US dollars for one second of video, by size; “*” is every other size: "
            '{"1280x720": "0.30", "*": "0.50"}. {} when there is no price.'
        ),
    )
    parameters = models.JSONField(
        null=True,
        blank=True,
        help_text=_(
            "What else it can be told, such as a seed. Empty: what is known of its backend's kind of "
            "service. [] for nothing."
        ),
    )
    generation_timeout = models.PositiveIntegerField(
        _("time limit"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_(
            "Seconds that a backend may work on one video; its own queue and its silence do not count. "
            "Empty: the backend's limit, or MAX_POLL_TIMEOUT."
        ),
    )
    backends = models.ManyToManyField(
        Backend,
        related_name="models",
        blank=True,
        help_text=_("Those that know it by this name. Without any it is not offered."),
    )
    takes_reference = models.BooleanField(
        _("takes a reference image"),
        null=True,
        blank=True,
        help_text=_("Unknown: as its backend does."),
    )
    takes_last_frame = models.BooleanField(
        _("takes a last frame"),
        null=True,
        blank=True,
        help_text=_("Beside the first one. Unknown: only the simulator does."),
    )
    max_references = models.PositiveSmallIntegerField(
        _("further reference images"),
        null=True,
        blank=True,
        validators=[MaxValueValidator(MAX_REFERENCES)],
        help_text=_(
            "How many it takes beside the first and last frame. Empty: only the simulator takes any."
        ),
    )
    has_sound = models.BooleanField(
        _("videos have sound"), null=True, blank=True, help_text=_("Shown where a model is chosen.")
    )
    studio_favourite = models.BooleanField(
        default=False, help_text=_("Among the first where somebody chooses from many models.")
    )
    favourite_of = models.ManyToManyField(
        settings.AUTH_USER_MODEL, related_name="favourite_models", blank=True, editable=False
    )
    described_by = models.ForeignKey(
        Backend,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="described_models",
        help_text=_("The backend whose catalogue describes it; empty when it was described by hand."),
    )
    description_used = models.JSONField(
        default=dict,
        editable=False,
        help_text=_("What that catalogue said, field by field. A field with another value was set by hand."),
    )
    described_at = models.DateTimeField(null=True, editable=False, help_text=_("When it last said so."))
    kept_fields = models.JSONField(
        default=list,
        editable=False,
        help_text=_("The fields that stay as they are, whatever a catalogue says."),
    )
    enabled = models.BooleanField(default=True)
    position = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.label

    def rate(self, size: str) -> Decimal | None:
        """Return US dollars for one second of video in that size; None when there is no price."""
        rate = self.price_per_second.get(size, self.price_per_second.get(ANY_SIZE))
        return None if rate is None else Decimal(rate)

    def price(self, seconds: int, size: str) -> Decimal | None:
        """Return what `seconds` seconds of video cost, in US dollars; None when there is no price."""
        rate = self.rate(size)
        return None if rate is None else rate * seconds

    def clean(self) -> None:
        """Check the lists, which the form offers as they are. Raises `ValidationError` by field."""
        if not _is_list_of(self.sizes, str) or not all(_is_size(size) for size in self.sizes):
            raise ValidationError({"sizes": _('Give a list of WIDTHxHEIGHT texts, such as ["1280x720"].')})
        if not _is_list_of(self.seconds, int) or not all(seconds > 0 for seconds in self.seconds):
            raise ValidationError({"seconds": _("Give a list of whole numbers above 0, such as [4, 8, 12].")})
        if self.parameters is not None:
            try:
                parse_declarations(self.parameters)
            except ValidationError as error:
                raise ValidationError({"parameters": error}) from error
        if not _is_price_list(self.price_per_second):
            raise ValidationError(
                {
                    "price_per_second": _(
                        "Give prices by size, as texts with at most 4 decimals, such as "
                        '{"1280x720": "0.30", "*": "0.50"}, or {}.'
                    )
                }
            )


def is_rate(value: object) -> bool:
    """Whether this is a price for a second as the catalogue keeps it: text, with at most four decimals."""
    return isinstance(value, str) and _RATE.fullmatch(value) is not None


def _is_price_list(value: object) -> bool:
    return isinstance(value, dict) and all(
        (size == ANY_SIZE or _is_size(size)) and is_rate(rate) for size, rate in value.items()
    )


def _is_list_of(value: object, kind: type) -> bool:
    return isinstance(value, list) and bool(value) and all(type(item) is kind for item in value)


def _is_size(text: str) -> bool:
    width, _, height = text.partition("x")
    return width.isdecimal() and height.isdecimal() and int(width) > 0 and int(height) > 0
