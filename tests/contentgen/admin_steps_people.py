"""What staff can try with people, groups, tokens, mail, budgets and records."""

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import Group, Permission

from accounts.models import ApiToken, Invitation, MailState, OutgoingMail, User
from audit.models import Entry
from billing.models import Budget, LedgerLine
from tests.contentgen.admin_rows import CHIEF, OTHER, PK, ROOT
from tests.contentgen.admin_step import Step, action, is_gone

NEW = "a new long phrase 42"
PERSON = {
    "username": "alice",
    "role": "creator",
    "date_joined_0": "2026-01-01",
    "date_joined_1": "00:00:00",
    "is_active": "on",
}
PASSWORD = {"password1": NEW, "password2": NEW, "usable_password": "true", "set-password": "x"}
USER, BUDGET = "accounts/user/", "billing/budget/"
CHANGE = f"{PK}/change/"


def _person() -> User:
    return User.objects.get(pk=PK)


def _has_password(pk: int) -> bool:
    return User.objects.get(pk=pk).check_password(NEW)


def steps_with_people() -> list[Step]:
    """What can be tried on the pages of people, and of what is theirs."""
    rights = str(Permission.objects.first().pk)  # type: ignore[union-attr]
    return [
        Step("edit a person", USER + CHANGE, {**PERSON, "email": "a@b.org"}, lambda: bool(_person().email)),
        Step(
            "make a superuser",
            USER + CHANGE,
            {**PERSON, "is_superuser": "on"},
            lambda: _person().is_superuser,
        ),
        Step("make somebody staff", USER + CHANGE, {**PERSON, "is_staff": "on"}, lambda: _person().is_staff),
        Step(
            "put somebody in a group",
            USER + CHANGE,
            {**PERSON, "groups": [str(PK)]},
            lambda: _person().groups.exists(),
        ),
        Step(
            "give a permission",
            USER + CHANGE,
            {**PERSON, "user_permissions": [rights]},
            lambda: _person().user_permissions.exists(),
        ),
        Step(
            "lock a superuser out",
            f"{USER}{ROOT}/change/",
            {**PERSON, "username": "root", "is_active": ""},
            lambda: not User.objects.get(pk=ROOT).is_active,
        ),
        Step("set a person's password", f"{USER}{PK}/password/", PASSWORD, lambda: _has_password(PK)),
        Step("set a superuser's password", f"{USER}{ROOT}/password/", PASSWORD, lambda: _has_password(ROOT)),
        Step("set the staff's password", f"{USER}{CHIEF}/password/", PASSWORD, lambda: _has_password(CHIEF)),
        Step(
            "add a person",
            f"{USER}add/",
            {"username": "dave", **PASSWORD, "is_superuser": "on"},
            lambda: User.objects.filter(username="dave").exists(),
        ),
        Step("delete a person", f"{USER}{OTHER}/delete/", {"post": "yes"}, lambda: is_gone(User, OTHER)),
        Step("delete a superuser", f"{USER}{ROOT}/delete/", {"post": "yes"}, lambda: is_gone(User, ROOT)),
        Step(
            "delete superusers in the list",
            USER,
            action("delete_selected", ROOT, post="yes"),
            lambda: is_gone(User, ROOT),
        ),
        Step(
            "add a group",
            "auth/group/add/",
            {"name": "New"},
            lambda: Group.objects.filter(name="New").exists(),
        ),
        Step(
            "give a group a permission",
            f"auth/group/{PK}/change/",
            {"name": "Makers", "permissions": [rights]},
            lambda: Group.objects.get(pk=PK).permissions.exists(),
        ),
        Step("delete a group", f"auth/group/{PK}/delete/", {"post": "yes"}, lambda: is_gone(Group)),
        Step(
            "revoke a token",
            "accounts/apitoken/",
            action("revoke"),
            lambda: ApiToken.objects.get(pk=PK).revoked_at is not None,
        ),
        Step(
            "withdraw an invitation",
            "accounts/invitation/",
            action("withdraw"),
            lambda: Invitation.objects.get(pk=PK).revoked_at is not None,
        ),
        Step(
            "send mail again",
            "accounts/outgoingmail/",
            action("send_again"),
            lambda: OutgoingMail.objects.get(pk=PK).state == MailState.QUEUED,
        ),
        Step(
            "remove second factors",
            "accounts/user/",
            action("remove_second_factors"),
            lambda: not Authenticator.objects.filter(user=PK).exists(),
        ),
        Step(
            "remove a superuser's second factors",
            "accounts/user/",
            action("remove_second_factors", ROOT),
            lambda: not Authenticator.objects.filter(user=ROOT).exists(),
        ),
        Step(
            "sign a person out",
            USER,
            action("sign_out_everywhere"),
            lambda: not UserSession.objects.filter(user=PK).exists(),
        ),
        Step(
            "sign a superuser out",
            USER,
            action("sign_out_everywhere", ROOT),
            lambda: not UserSession.objects.filter(user=ROOT).exists(),
        ),
        Step(
            "deactivate a person",
            USER,
            action("deactivate", confirmed="yes"),
            lambda: not _person().is_active,
        ),
        Step(
            "deactivate a superuser",
            USER,
            action("deactivate", ROOT, confirmed="yes"),
            lambda: not User.objects.get(pk=ROOT).is_active,
        ),
        Step(
            "revoke a person's tokens",
            USER,
            action("revoke_tokens", confirmed="yes"),
            lambda: ApiToken.objects.get(pk=PK).revoked_at is not None,
        ),
        Step(
            "give a person a budget",
            f"{USER}{PK}/budget/",
            {"amount": "5", "period": "day"},
            lambda: Budget.objects.filter(user=PK, period="day").exists(),
        ),
        Step(
            "set a budget",
            f"{BUDGET}add/",
            {"scope": "studio", "period": "month", "amount": "5"},
            lambda: Budget.objects.filter(scope="studio").exists(),
        ),
        Step(
            "change a budget",
            BUDGET + CHANGE,
            {"amount": "5"},
            lambda: Budget.objects.get(pk=PK).amount == 5,
        ),
        Step("remove a budget", f"{BUDGET}{PK}/delete/", {"post": "yes"}, lambda: is_gone(Budget)),
        Step(
            "delete a line of the ledger",
            "billing/ledgerline/",
            action("delete_selected", post="yes"),
            lambda: is_gone(LedgerLine),
        ),
        Step(
            "delete an entry of the audit log",
            f"audit/entry/{PK}/delete/",
            {"post": "yes"},
            lambda: is_gone(Entry),
        ),
    ]
