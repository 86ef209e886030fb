"""A person with an account."""

from decimal import Decimal
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What somebody does here. Staff and superusers are something else: it is about the admin."""

    VIEWER = "viewer", _("Viewer")
    CREATOR = "creator", _("Creator")
    MANAGER = "manager", _("Manager")


class Theme(models.TextChoices):
    SYSTEM = "system", _("As the system")
    LIGHT = "light", _("Light")
    DARK = "dark", _("Dark")


class DateStyle(models.TextChoices):
    """How dates and numbers are written; `accounts.formats` has the formats, and those of languages."""

    __empty__ = _("As the language has it")
    BRITISH = "en-gb", "2 Mar 2026, 17:30 · 1,234.5"
    AMERICAN = "en-us", "Mar 2, 2026, 5:30 PM · 1,234.5"
    GERMAN = "de", "02.03.2026, 17:30 · 1.234,5"
    ISO = "iso", "2026-03-02 17:30 · 1\N{NARROW NO-BREAK SPACE}234.5"


class User(AbstractUser):
    """A person who makes videos. Staff may also use the admin.

    An email address is kept in lower case, because people sign in by it however they write it.
    """

    role = models.CharField(
        max_length=10,
        choices=Role,
        default=Role.CREATOR,
        help_text=_(
            "A viewer only looks. A creator makes videos. A manager also invites people, and sees what"
            " everybody spends."
        ),
    )

    storage_quota_gb = models.DecimalField(
        _("storage quota"),
        max_digits=9,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(0))],
        help_text=_(
            "Gigabytes that this person's videos, images and clips may take up. Empty: as many as"
            " STORAGE_QUOTA_GB says. 0: as much as there is."
        ),
    )

    theme = models.CharField(max_length=10, choices=Theme, default=Theme.SYSTEM)
    time_zone = models.CharField(
        max_length=64, blank=True, help_text=_("Of the times on the pages. Empty: that of the studio.")
    )
    language = models.CharField(
        max_length=10,
        blank=True,
        default="",
        db_default="",
        help_text=_("Of pages and emails, as LANGUAGES names it. Empty: that of the browser."),
    )
    date_style = models.CharField(
        _("dates and numbers"), max_length=10, choices=DateStyle, blank=True, default="", db_default=""
    )

    last_seen_at = models.DateTimeField(
        _("last seen"), null=True, blank=True, editable=False, help_text=_("On a page or through a token.")
    )

    def clean(self) -> None:
        super().clean()
        self.email = self.email.lower()

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.email = self.email.lower()
        super().save(*args, **kwargs)
