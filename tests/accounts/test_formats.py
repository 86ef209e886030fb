"""Dates and numbers as the person likes them, on pages and in emails."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.conf import settings
from django.contrib.admin.utils import display_for_value
from django.template import Context, Template
from django.test import Client
from django.utils import timezone
from django.utils.formats import date_format

from accounts import formats
from accounts.models import DateStyle, User
from tests.factories import VideoFactory
from videos.models import State

MOMENT = datetime(2026, 3, 2, 17, 30, tzinfo=UTC)


@pytest.mark.parametrize("style", DateStyle)
def test_the_label_of_a_style_is_an_example_of_it(style: DateStyle):
    with formats.override(style):
        text = f"{formats.format_moment(MOMENT)} · {formats.format_number(1234.5)}"
    assert text == style.label


@pytest.mark.parametrize(
    ("style", "day", "time", "numbers"),
    [
        ("en-gb", "2 Mar 2026", "17:30", ["7", "1,234,567", "0.25", "-1,000"]),
        ("en-us", "Mar 2, 2026", "5:30 PM", ["7", "1,234,567", "0.25", "-1,000"]),
        ("de", "02.03.2026", "17:30", ["7", "1.234.567", "0,25", "-1.000"]),
        ("iso", "2026-03-02", "17:30", ["7", "1\u202f234\u202f567", "0.25", "-1\u202f000"]),
    ],
)
def test_each_style_has_its_own(style: str, day: str, time: str, numbers: list[str]):
    with formats.override(style):
        assert formats.format_day(MOMENT) == formats.format_day(date(2026, 3, 2)) == day
        assert formats.format_time(MOMENT) == time
        assert formats.format_exact_time(MOMENT) == time.replace("30", "30:00")
        assert [formats.format_number(each) for each in (7.0, 1234567, Decimal("0.25"), -1000)] == numbers


def test_times_are_those_of_the_active_zone():
    with timezone.override("Asia/Tokyo"):
        assert formats.format_moment(MOMENT) == "3 Mar 2026, 02:30"


def test_nothing_is_written_as_nothing():
    template = "{{ x|day }}{{ x|moment }}{{ x|time_of_day }}{{ x|exact_time }}{{ x|number }}"
    assert Template(template).render(Context({"x": None})) == ""


def test_a_style_that_is_none_is_the_usual_one():
    with formats.override("klingon"):
        assert formats.format_day(MOMENT) == "2 Mar 2026"


@pytest.mark.django_db
def test_a_page_is_in_the_style_of_whoever_asks(as_alice: Client, as_bob: Client, alice: User, bob: User):
    User.objects.filter(pk=alice.pk).update(date_style="de")
    for owner, client, day in ((alice, as_alice, "02.03.2026"), (bob, as_bob, "2 Mar 2026")):
        video = VideoFactory(owner=owner, state=State.COMPLETED, created_at=MOMENT, byte_count=1234567)
        text = client.get(video.get_absolute_url()).content.decode()
        assert day in text
        assert ("1.234.567 bytes" in text) == (owner == alice)
    assert formats.format_day(MOMENT) == "2 Mar 2026", "nothing is left for the next request"


@pytest.mark.django_db
def test_the_style_is_chosen_in_the_profile(as_alice: Client, alice: User):
    data = {"theme": "system", "time_zone": "", "date_style": "iso"}
    assert as_alice.post("/accounts/profile/", data).status_code == 302
    assert User.objects.get(pk=alice.pk).date_style == "iso"
    assert as_alice.post("/accounts/profile/", data | {"date_style": "x"}).status_code == 422


# Whoever is invited has no account yet, and so no style.
FOR_STRANGERS = {"account/email/invitation_message.txt"}


def test_every_page_and_email_writes_dates_and_numbers_so():
    """Formats written out, and Django's commas, are the same for everybody. What programs read is ISO; `e` is
    the name of a time zone.
    """
    folder = settings.BASE_DIR / "templates"
    pages = [path.relative_to(folder) for path in folder.rglob("*.*") if path.suffix in (".html", ".txt")]
    found = [
        f"{page}: {match[0]}"
        for page in pages
        if "admin" not in page.parts and str(page) not in FOR_STRANGERS
        for match in re.finditer(
            r"""\|date:(?!["'](c|e|Y-m-d)["'])|\|time:|\|intcomma""", (folder / page).read_text()
        )
    ]
    assert found == []


@pytest.mark.parametrize(
    ("style", "text"), [("en-gb", "2 Mar 2026, 17:30"), ("en-us", "Mar 2, 2026, 5:30 PM")]
)
def test_django_writes_dates_in_the_style_of_the_person_too(style: str, text: str):
    with formats.override(style):
        assert display_for_value(MOMENT, "-") == text  # a column of the administration
        assert Template("{{ x }}").render(Context({"x": MOMENT})) == text
        assert date_format(MOMENT.date()) == text[: text.index("2026") + 4]
