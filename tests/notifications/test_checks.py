"""System checks of what people are told."""

from notifications.checks import check_links


def test_emails_without_links_are_warned_of(settings):
    settings.PRODUCTION, settings.PUBLIC_URL, settings.EMAIL_HOST = True, "", "mail.example.org"
    assert [each.id for each in check_links(None)] == ["notifications.W001"]

    settings.PUBLIC_URL = "https://studio.example.org"
    assert check_links(None) == []


def test_where_no_email_is_sent_none_needs_a_link(settings):
    settings.PRODUCTION, settings.PUBLIC_URL, settings.EMAIL_HOST = True, "", ""
    assert check_links(None) == []
