"""Texts of Django's pages and forms that its own translations lack, so that the studio's have them."""

from django.utils.translation import gettext_noop

UNTRANSLATED = (
    # The administration: accounts.
    gettext_noop("After you’ve created a user, you’ll be able to edit more user options."),  # noqa: RUF001  # as Django has it
    gettext_noop("This action will <strong>enable</strong> password-based authentication for this user."),
    gettext_noop("Disable password-based authentication"),
    gettext_noop("Enable password-based authentication"),
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
