"""Texts of Django that its own translations lack or get wrong, so that the studio's have them."""

from django.utils.translation import gettext_noop, npgettext_lazy

UNTRANSLATED = (
    # The administration: accounts.
    gettext_noop("After you’ve created a user, you’ll be able to edit more user options."),  # noqa: RUF001  # as Django has it
    gettext_noop("This action will <strong>enable</strong> password-based authentication for this user."),
    gettext_noop("Disable password-based authentication"),
    gettext_noop("Enable password-based authentication"),
    gettext_noop("Cannot delete %(name)s"),
    gettext_noop("Change history: %s"),
    gettext_noop("Save and add another"),
    gettext_noop("Save and continue editing"),
    gettext_noop("Save as new"),
    gettext_noop("Enter a new password for the user <strong>%(username)s</strong>."),
    gettext_noop("Enter the same password as before, for verification."),
    gettext_noop("staff status"),
    gettext_noop("superuser status"),
    # Passwords.
    gettext_noop("Conflicting form data submitted. Please try again."),
    gettext_noop("Password-based authentication was disabled."),
    gettext_noop("Set password: %s"),
    gettext_noop("Reset password"),
    gettext_noop("Set password"),
    gettext_noop(
        "Whether the user will be able to authenticate using a password or not. If disabled, they may still "
        "be able to authenticate using other backends, such as Single Sign-On or LDAP."
    ),
    gettext_noop("Password-based authentication"),
    gettext_noop("Enabled"),
    gettext_noop("Disabled"),
    gettext_noop("Raw passwords are not stored, so there is no way to see the user’s password."),  # noqa: RUF001  # as Django has it
    gettext_noop("Enable password-based authentication for this user by setting a password."),
)

# “vor 1 Tag, 4 Stunden”: Django's German says “1 Tage, 4 Stunden her”.
AGES = (
    gettext_noop("%(delta)s ago"),
    npgettext_lazy("naturaltime-past", "%(num)d year", "%(num)d years", "num"),
    npgettext_lazy("naturaltime-past", "%(num)d month", "%(num)d months", "num"),
    npgettext_lazy("naturaltime-past", "%(num)d week", "%(num)d weeks", "num"),
    npgettext_lazy("naturaltime-past", "%(num)d day", "%(num)d days", "num"),
    npgettext_lazy("naturaltime-past", "%(num)d hour", "%(num)d hours", "num"),
    npgettext_lazy("naturaltime-past", "%(num)d minute", "%(num)d minutes", "num"),
)
