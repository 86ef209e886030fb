"""What a service says that a job cost: believed within bounds, and what is wrong with it said."""

from decimal import Decimal

import pytest

from videos.backends.charges import NO_CHARGE_TOLD, Charge, parse_charge


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        (0.42, "0.42"),
        ("0.42", "0.42"),
        (0, "0"),
        (-0.0, "0"),
        (1, "1"),
        ("1e-3", "0.001"),
        (9999.99, "9999.99"),
    ],
)
def test_an_amount_of_dollars_is_a_charge(value: object, amount: str):
    assert parse_charge(value) == Charge(Decimal(amount))
    assert parse_charge(value, currency=" usd ") == Charge(Decimal(amount))


def test_who_says_nothing_has_charged_nothing_that_is_known():
    assert parse_charge(None) == NO_CHARGE_TOLD == parse_charge(None, currency="EUR")


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (-1, "The backend named “-1” as its charge, and a charge is never negative."),
        (1_000_000, "The backend named “1000000” as its charge, and no video costs $10,000 or more."),
        (1e300, "The backend named “1e+300” as its charge, and no video costs $10,000 or more."),
        (float("nan"), "The backend named “nan” as its charge, and that is no number."),
        (float("inf"), "The backend named “inf” as its charge, and that is no number."),
        ("much", "The backend named “much” as its charge, and that is no number."),
        ("$1", "The backend named “$1” as its charge, and that is no number."),
        ("٤", "The backend named “٤” as its charge, and that is no number."),
        (True, "The backend named “True” as its charge, and that is no number."),
        ({}, "The backend named “{}” as its charge, and that is no number."),
        ("\x00\ud800", "The backend named “'\\x00\\ud800'” as its charge, and that is no number."),
    ],
)
def test_what_cannot_be_a_charge_is_said_to_be_none(value: object, sentence: str):
    assert parse_charge(value) == Charge(problem=sentence)


@pytest.mark.parametrize("currency", ["EUR", "", 840, ["USD"]])
def test_another_currency_is_not_taken_for_dollars(currency: object):
    charge = parse_charge(0.42, currency=currency)

    assert charge.amount is None
    assert "not US dollars" in charge.problem


@pytest.mark.parametrize("value", ["x" * 10_000, ["x"] * 10_000, {"a": {"b": "c" * 999}}])
def test_however_long_it_is_the_sentence_fits_its_column(value: object):
    assert len(parse_charge(value, currency=value).problem) <= 200
