"""The Spend page and its file: what was spent, seen by those whom it concerns and by nobody else."""

import csv
from datetime import timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts.models import User
from billing import ledger
from billing.models import LedgerLine, Scope
from billing.spend import Span, forecast_month, spend_by, total_of
from billing.targets import Target, set_budget
from tests.billing.money import dollars, make
from videos.models import Backend, Video

pytestmark = pytest.mark.django_db


def _spend(owner: User, seconds: int = 4, *, is_confirmed: bool = True) -> Video:
    video = make(owner, seconds)
    with transaction.atomic():
        if is_confirmed:
            ledger.charge(video.pk, transition="accepted")
        else:
            ledger.give_up(video.pk, transition="given_up")
    return video


@pytest.fixture
def spent(paid: Backend, alice: User, bob: User) -> None:
    """Alice has spent $0.40, Bob $1.20."""
    _spend(alice)
    _spend(bob, 12)


def test_a_person_sees_their_own(spent, as_alice: Client):
    page = as_alice.get("/spend/?by=person").content.decode()
    assert "$0.40" in page
    assert "bob" not in page
    assert "$1.20" not in page
    assert "$1.60" not in page


def test_staff_see_everybodys_or_their_own(spent, as_carol: Client):
    page = as_carol.get("/spend/?by=person").content.decode()
    assert "$1.60" in page
    assert page.index("bob") < page.index(">alice<"), "the largest first"
    assert "Nothing was spent in these days." in as_carol.get("/spend/?who=me").content.decode()


def test_asking_for_everybodys_shows_nobody_anothers(spent, as_alice: Client):
    assert "bob" not in as_alice.get("/spend/?by=person&who=").content.decode()
    assert "bob" not in as_alice.get("/spend.csv?by=person").content.decode()


@pytest.mark.parametrize("by", ["day", "person", "model", "backend", "token", "nonsense"])
def test_every_way_to_tell_it_apart_adds_up(spent, as_carol: Client, by: str):
    assert as_carol.get(f"/spend/?by={by}").status_code == 200
    rows = list(csv.reader(StringIO(as_carol.get(f"/spend.csv?by={by}").content.decode())))
    assert sum(Decimal(row[3]) for row in rows[1:]) == dollars("1.60")
    assert sum(int(row[1]) for row in rows[1:]) == 2


@pytest.mark.parametrize(
    "query", ["from=nonsense", "from=2026-11-30&to=2026-11-01", "from=0001-01-01", "to=9999-12-31", "to=%00"]
)
def test_days_that_cannot_be_used_are_told(spent, as_alice: Client, query: str):
    response = as_alice.get(f"/spend/?{query}")
    assert response.status_code == 400
    assert "field-error" in response.content.decode()
    assert as_alice.get(f"/spend.csv?{query}").status_code == 200


def test_no_name_becomes_a_formula(paid: Backend, as_carol: Client):
    _spend(User.objects.create_user("=1+1"))
    assert "'=1+1" in as_carol.get("/spend.csv?by=person").content.decode()


def test_the_chart_has_a_column_for_each_day(spent, as_alice: Client):
    page = as_alice.get("/spend/").content.decode()
    assert page.count('class="spend__bar"') == 30
    assert 'height="120.00"' in page


def test_it_is_compared_with_as_many_days_before(paid: Backend, alice: User, as_alice: Client):
    earlier = timezone.now() - timedelta(days=40)
    line = {
        "video_id": 1,
        "video": "v",
        "attempt": 1,
        "counts_at": earlier,
        "user_id": alice.pk,
        "username": "alice",
    }
    more = {"role": "creator", "model": "m", "backend_id": 1, "backend_name": "b", "transition": "accepted"}
    amount = {"kind": "charge", "at": earlier, "spent": dollars("0.20"), "net": dollars("0.20")}
    LedgerLine.objects.create(**line, **more, **amount)
    _spend(alice)
    assert "$0.20 more than before (100%)" in as_alice.get("/spend/").content.decode()


def test_a_month_at_this_rate(paid: Backend, alice: User):
    _spend(alice)
    today = timezone.localdate()
    days = ((today.replace(day=1) + timedelta(days=32)).replace(day=1) - today.replace(day=1)).days
    expected = (dollars("0.40") / today.day * days).quantize(dollars("0.01"))
    assert forecast_month(LedgerLine.objects.all()) == expected


def test_days_are_the_studios(paid: Backend, alice: User, settings):
    settings.TIME_ZONE = "Pacific/Auckland"
    with timezone.override("Pacific/Auckland"):
        _spend(alice)
        today = timezone.localdate()
        (row,) = spend_by(LedgerLine.objects.all(), Span(today, today), "day")
        assert row.name == today.isoformat()
        assert total_of(LedgerLine.objects.all(), Span(today, today)).spent == dollars("0.40")


def test_the_header_says_what_is_left(paid: Backend, alice: User, as_alice: Client):
    assert "site-header__budget" not in as_alice.get("/").content.decode()
    set_budget(Target(Scope.USER, user=alice), "month", dollars("3"))
    make(alice)
    assert "$2.60 left</a>" in as_alice.get("/").content.decode()


@pytest.mark.parametrize(("amount", "is_warned"), [("0.50", True), ("0.51", False)])
def test_from_80_percent_on_a_banner_warns(
    paid: Backend, alice: User, as_alice: Client, amount: str, is_warned: bool
):
    set_budget(Target(Scope.USER, user=alice), "month", dollars(amount))
    _spend(alice)
    assert ("is almost used up" in as_alice.get("/").content.decode()) is is_warned


def test_staff_release_an_unconfirmed_charge_on_the_page(paid: Backend, alice: User, as_carol: Client):
    video = _spend(alice, is_confirmed=False)
    assert video.public_id in as_carol.get("/spend/").content.decode()
    address = f"/spend/{video.public_id}/1/release"

    as_carol.post(address, {"note": " "})
    assert total_of(LedgerLine.objects.all(), _today()).spent == dollars("0.40"), "not without a word"
    page = as_carol.post(address, {"note": "Not on the bill"}, follow=True).content.decode()

    assert "Charge released." in page
    assert video.public_id not in page
    assert total_of(LedgerLine.objects.all(), _today()).spent == 0
    assert LedgerLine.objects.latest("pk").note == "Not on the bill"


def test_nobody_else_releases_a_charge(paid: Backend, alice: User, as_alice: Client):
    video = _spend(alice, is_confirmed=False)
    assert video.public_id not in as_alice.get("/spend/").content.decode()
    response = as_alice.post(f"/spend/{video.public_id}/1/release", {"note": "Please"})
    assert response.status_code == 403
    assert total_of(LedgerLine.objects.all(), _today()).spent == dollars("0.40")


def _today() -> Span:
    return Span(timezone.localdate(), timezone.localdate())


def test_show_spend(spent):
    out = StringIO()
    call_command("show_spend", stdout=out)
    assert "bob" in out.getvalue()
    assert "$1.60" in out.getvalue()
    with pytest.raises(CommandError):
        call_command("show_spend", "--from", "2026-12-01", "--to", "2026-11-01")
    with pytest.raises(CommandError, match="write a day"):
        call_command("show_spend", "--from", "yesterday")


def test_set_budget(paid: Backend, alice: User):
    out = StringIO()
    make(alice)
    call_command("set_budget", "--user", "alice", "50", "--per", "month", stdout=out)
    assert "alice: $50.00 this month (hard), $0.40 used, $49.60 left. It renews on" in out.getvalue()
    call_command("set_budget", "--user", "alice", "60", "--per", "month", "--soft", stdout=out)
    budget = alice.budgets.get()
    assert (budget.amount, budget.is_soft) == (dollars("60"), True)
    call_command("set_budget", "--user", "alice", "none", "--per", "month", stdout=out)
    assert not alice.budgets.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("--user", "nobody", "5"),
        ("--token", "999", "5"),
        ("--studio", "a lot"),
        ("--studio", "1.2345678"),
        ("--studio", "1e5"),
        ("--studio", "\N{ARABIC-INDIC DIGIT FIVE}"),
        ("--studio", "99999999999999999"),
        ("--role", " ", "5"),
        ("--studio", "1,50"),
        ("5",),
    ],
)
def test_set_budget_says_what_is_wrong(db, arguments: tuple[str, ...]):
    with pytest.raises(CommandError):
        call_command("set_budget", *arguments, "--per", "month")


def test_check_ledger_says_what_does_not_fit(paid: Backend, alice: User):
    out = StringIO()
    video = make(alice)
    call_command("check_ledger", stdout=out)
    assert "The ledger agrees with the videos" in out.getvalue()

    Video.objects.filter(pk=video.pk).update(state="canceled")
    before = LedgerLine.objects.count()
    with pytest.raises(CommandError, match=r"1 contradiction\. Nothing"):
        call_command("check_ledger", stdout=out)
    assert f"{video.public_id}: is canceled, and something is still reserved for it." in out.getvalue()
    assert LedgerLine.objects.count() == before
