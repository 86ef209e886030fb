"""What alice's studio spent, its budgets, and what waits for approval, without any video that costs."""

from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from accounts.models import User
from billing.models import Kind, LedgerLine, Scope
from billing.targets import Target, set_budget
from videos.models import ApprovalRequest, ApprovalState, Collection, RequestKind

_DAYS = 45
_PEOPLE = (("alice", "0.80"), ("bob", "0.40"), ("dora", "1.20"))
_REQUESTS = (
    ("A paper boat in a storm", 4, "4.80", ApprovalState.WAITING, ""),
    ("A street of umbrellas, seen from a balcony", 1, "2.40", ApprovalState.WAITING, ""),
    ("Two koi circle under a bridge", 2, "6.40", ApprovalState.APPROVED, "For the launch."),
    ("A red kite over the dunes", 3, "9.60", ApprovalState.DECLINED, "Four seconds are enough for a test."),
)


def create(alice: User, bob: User) -> None:
    """Fill the pages about money."""
    LedgerLine.objects.bulk_create(
        _charge(day, number, name, Decimal(amount) * (1 + day % 5))
        for day in range(_DAYS)
        for number, (name, amount) in enumerate(_PEOPLE)
        if (day + number) % 4
    )
    collection = Collection.objects.create(owner=alice, name="Spring launch")
    set_budget(Target(Scope.STUDIO), "month", Decimal(500))
    set_budget(Target(Scope.USER, user=bob), "month", Decimal(30))
    set_budget(Target(Scope.ROLE, role="creator"), "week", Decimal(60), is_soft=True)
    set_budget(Target(Scope.COLLECTION, collection_id=collection.pk), "total", Decimal(120))
    for number, request in enumerate(_REQUESTS):
        _ask(bob, alice, number, *request)


def _charge(day: int, number: int, name: str, amount: Decimal) -> LedgerLine:
    at = timezone.now() - timedelta(days=day)
    return LedgerLine(
        at=at,
        counts_at=at,
        kind=Kind.CHARGE,
        transition="accepted",
        spent=amount,
        net=amount,
        confirms=True,
        video_id=-1 - day * len(_PEOPLE) - number,  # of none
        video=f"video_{day}_{number}",
        attempt=1,
        user_id=number + 1,
        username=name,
        role="creator",
        model="sora-2",
        backend_id=1,
        backend_name="Paid",
    )


def _ask(
    owner: User, manager: User, number: int, prompt: str, count: int, price: str, state: str, note: str
) -> None:
    asked = timezone.now() - timedelta(hours=3 * number + 1)
    is_waiting = state == ApprovalState.WAITING
    ApprovalRequest.objects.create(
        owner=owner,
        kind=RequestKind.CREATE,
        data={"requests": [{"seconds": 12, "size": "1280x720"}]},
        prompt=prompt,
        model="sora-2",
        count=count,
        price=Decimal(price),
        state=state,
        requested_at=asked,
        expires_at=asked + timedelta(days=14),
        decided_at=None if is_waiting else timezone.now(),
        decided_by=None if is_waiting else manager,
        note=note,
    )
