"""Amounts are exact: in the database, in sums, and as people write and read them."""

import locale
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db.models import Sum
from django.utils import timezone

from billing.models import Budget
from billing.money import format_money, parse_amount, plain_amount, to_money
from billing.periods import Period, end_of, start_of


@pytest.mark.django_db
def test_a_sum_of_tenths_is_exact():
    for number, period in enumerate(Period.values * 250):
        Budget.objects.create(scope="role", role=str(number), period=period, amount=Decimal("0.1"))
    assert Budget.objects.aggregate(total=Sum("amount"))["total"] == Decimal(100)


@pytest.mark.django_db
@pytest.mark.every_value
@pytest.mark.parametrize("amount", ["0", "0.000001", "999999999999.999999", "123456.789012"])
def test_an_amount_comes_back_as_it_was(amount: str):
    budget = Budget.objects.create(scope="studio", period="day", amount=Decimal(amount))
    budget.refresh_from_db()
    assert budget.amount == Decimal(amount)


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "1e12", "-1e12"])
def test_what_is_no_amount_is_refused(amount: str):
    with pytest.raises(ValueError, match="no amount"):
        to_money(Decimal(amount))


@pytest.mark.parametrize(
    ("text", "amount"),
    [("12", "12"), ("12.5", "12.5"), ("$1,250.00", "1250"), (" 0.000001 ", "0.000001"), ("1,000,000", "1e6")],
)
def test_what_people_write(text: str, amount: str):
    assert parse_amount(text) == Decimal(amount)


@pytest.mark.parametrize(
    "text", ["", "-1", "1,5", "1.2.3", "1e3", "NaN", "12 €", "٣", "0.0000001", "9" * 400, ".", "12,34,567"]
)
def test_what_is_no_amount_is_a_sentence(text: str):
    with pytest.raises(ValidationError):
        parse_amount(text)


def test_what_people_and_programs_read(settings):
    assert format_money(Decimal("1250")) == "$1,250.00"
    assert format_money(Decimal("0.0125")) == "$0.0125"
    assert format_money(Decimal("-3.2")) == "\N{MINUS SIGN}$3.20"
    assert plain_amount(Decimal("3.2")) == "3.20"
    assert plain_amount(Decimal("0.000001")) == "0.000001"
    settings.CURRENCY = "EUR"
    assert format_money(Decimal(5)) == "€5.00"
    settings.CURRENCY = "CHF"
    assert format_money(Decimal(5)) == "CHF\N{NO-BREAK SPACE}5.00"


def test_no_locale_moves_the_point():
    before = locale.setlocale(locale.LC_ALL)
    try:
        locale.setlocale(locale.LC_ALL, "")
        assert parse_amount("1.50") == Decimal("1.50")
        assert plain_amount(Decimal("1.5")) == "1.50"
    finally:
        locale.setlocale(locale.LC_ALL, before)


@pytest.mark.parametrize(
    ("period", "start", "end"),
    [
        ("day", "2026-12-31", "2027-01-01"),
        ("week", "2026-12-28", "2027-01-04"),
        ("month", "2026-12-01", "2027-01-01"),
        ("total", "2000-01-01", None),
    ],
)
def test_periods_begin_in_the_studios_time_zone(settings, period: str, start: str, end: str | None):
    settings.TIME_ZONE = "America/New_York"
    with timezone.override("Asia/Tokyo"):  # that of a reader counts for nothing
        now = timezone.datetime(
            2027, 1, 1, 3, 0, tzinfo=timezone.get_fixed_timezone(0)
        )  # still the 31st there
        assert start_of(period, now).date().isoformat() == start
        ends_at = end_of(period, now)
        assert (ends_at and ends_at.date().isoformat()) == end
