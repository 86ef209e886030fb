from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts import tokens
from accounts.models import ApiToken, User

pytestmark = pytest.mark.django_db


def create(*args: str) -> str:
    out = StringIO()
    call_command("create_token", *args, stdout=out)
    return out.getvalue()


def test_it_prints_the_token_and_nothing_else(alice: User):
    printed = create("alice")
    assert printed.endswith("\n")
    assert printed.split() == [printed.strip()]
    token = tokens.authenticate(printed.strip())
    assert token is not None
    assert (token.user, token.name, token.scope, token.expires_at) == (alice, "Command line", "write", None)


def test_it_can_be_limited(alice: User):
    create("alice", "--name", "CI", "--scope", "read", "--expires-in-days", "7")
    token = ApiToken.objects.get()
    assert (token.name, token.scope) == ("CI", "read")
    assert abs(token.expires_at - timezone.now() - timedelta(days=7)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (("nobody",), "There is no account “nobody”."),
        (("alice", "--scope", "all"), "--scope: choose one of read, write."),
        (("alice", "--name", " "), "--name: give a name"),
        (("alice", "--name", "x" * 101), "--name: give a name"),
        (("alice", "--expires-in-days", "0"), "--expires-in-days: give a number"),
        (("alice", "--expires-in-days", "99999999"), "--expires-in-days: give a number"),
        (("alice", "--expires-in-days", "soon"), "invalid int value"),
        ((), "required: USERNAME"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(alice: User, args, sentence):
    with pytest.raises(CommandError, match=sentence):
        create(*args)
    assert not ApiToken.objects.exists()


def test_a_locked_account_gets_none(alice: User):
    User.objects.update(is_active=False)
    with pytest.raises(CommandError, match="locked"):
        create("alice")
    assert not ApiToken.objects.exists()
