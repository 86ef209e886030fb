"""Stored keys when SECRET_KEY changes: a fallback reads them, rotate_secrets encrypts them anew."""

import pytest
from django.core.management import CommandError

from contentgen import encryption
from tests.factories import BackendFactory, UserFactory, VideoFactory
from videos import checks
from videos.engine import clients, dispatch
from videos.engine.submit import submit
from videos.models import Backend, ConnectionDraft, State

pytestmark = pytest.mark.django_db

OLD, NEW, OTHER = "former-" * 8, "current-" * 8, "foreign-" * 8
KEY = "sk-of-the-box-0123456789"


@pytest.fixture
def stored(settings) -> list[Backend]:
    """Three backends with a key each, which the former SECRET_KEY encrypted."""
    settings.SECRET_KEY = OLD
    backends = []
    for number in range(3):
        backend = BackendFactory(name=f"Box {number}")
        backend.store_key(f"{KEY}{number}")
        backend.key_confirmed_for = backend.key_destination
        backend.save()
        backends.append(backend)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, [OTHER, OLD]
    return backends


def _keys() -> list[str]:
    return [backend.key for backend in Backend.objects.order_by("pk")]


ALL = [f"{KEY}{number}" for number in range(3)]


def test_a_fallback_still_reads_them(stored: list[Backend]):
    assert _keys() == ALL


def test_they_are_encrypted_anew_and_the_fallback_can_go(run, stored: list[Backend], settings):
    ran = run("rotate_secrets")

    assert "3 stored keys encrypted anew with SECRET_KEY; 0 stored keys needed nothing." in ran.out
    settings.SECRET_KEY_FALLBACKS = []
    assert _keys() == ALL
    assert KEY not in ran.out


def test_running_it_again_changes_nothing(run, stored: list[Backend]):
    run("rotate_secrets")
    tokens = list(Backend.objects.values_list("stored_key", flat=True))

    assert (
        "0 stored keys encrypted anew with SECRET_KEY; 3 stored keys needed nothing."
        in run("rotate_secrets").out
    )
    assert list(Backend.objects.values_list("stored_key", flat=True)) == tokens


def test_one_that_is_killed_midway_leaves_every_key_readable(
    run, stored: list[Backend], settings, monkeypatch: pytest.MonkeyPatch
):
    plain, done = encryption.encrypt, []

    def encrypt(text: str) -> str:
        if len(done) == 1:
            raise KeyboardInterrupt
        done.append(text)
        return plain(text)

    monkeypatch.setattr(encryption, "encrypt", encrypt)
    with pytest.raises(KeyboardInterrupt):
        run("rotate_secrets")

    assert _keys() == ALL
    assert [encryption.is_current(each.stored_key) for each in Backend.objects.order_by("pk")].count(
        True
    ) == 1
    monkeypatch.setattr(encryption, "encrypt", plain)
    assert (
        "2 stored keys encrypted anew with SECRET_KEY; 1 stored key needed nothing."
        in run("rotate_secrets").out
    )
    settings.SECRET_KEY_FALLBACKS = []
    assert _keys() == ALL


def test_a_key_that_is_replaced_meanwhile_stays(run, stored: list[Backend], monkeypatch: pytest.MonkeyPatch):
    plain = encryption.encrypt

    def encrypt(text: str) -> str:
        if text == ALL[0]:
            Backend.objects.filter(pk=stored[0].pk).update(stored_key=plain("sk-new"))
        return plain(text)

    monkeypatch.setattr(encryption, "encrypt", encrypt)
    run("rotate_secrets")

    assert _keys() == ["sk-new", *ALL[1:]]


def test_what_nothing_reads_is_named_and_the_others_are_done(run, stored: list[Backend], settings):
    settings.SECRET_KEY = OTHER
    Backend.objects.filter(pk=stored[1].pk).update(stored_key=encryption.encrypt("lost"))
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, [OLD]

    with pytest.raises(CommandError, match=r"Box 1\. Put the SECRET_KEY that made them"):
        run("rotate_secrets")

    assert _keys() == [ALL[0], "", ALL[2]]
    settings.SECRET_KEY_FALLBACKS = []
    assert _keys() == [ALL[0], "", ALL[2]]


def test_drafts_of_before_are_forgotten(run, stored: list[Backend], settings):
    for secret in (OLD, NEW):
        settings.SECRET_KEY = secret
        draft = ConnectionDraft(owner=UserFactory(), kind="videos-api", service="videos-api", name=secret)
        draft.stored_key = encryption.encrypt(KEY)
        draft.save()

    run("rotate_secrets")

    assert [draft.name for draft in ConnectionDraft.objects.all()] == [NEW]


def test_without_the_former_key_nothing_is_sent_and_the_backend_pauses(stored: list[Backend], settings):
    settings.SECRET_KEY_FALLBACKS = []
    backend = stored[0]
    video = VideoFactory(backend=backend)

    connection = clients.connection_for(backend)
    assert connection.api_key == ""
    assert "can't be read with this SECRET_KEY" in connection.key_problem
    claim = dispatch.claim_next(backend.pk)
    assert claim is not None
    submit(claim)

    video.refresh_from_db()
    backend.refresh_from_db()
    assert video.state == State.QUEUED
    assert "can't be read with this SECRET_KEY" in backend.pause_reason


@pytest.mark.parametrize(
    ("secret", "fallbacks", "found"),
    [
        (OLD, [], []),
        (NEW, [OLD], ["videos.W006"] * 3),
        (NEW, [], ["videos.W005"] * 3),
    ],
)
def test_checks_name_them(
    stored: list[Backend], settings, secret: str, fallbacks: list[str], found: list[str]
):
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = secret, fallbacks

    messages = checks.check_stored_keys(None, databases=["default"])

    assert [each.id for each in messages] == found
    assert all("Box" in each.msg and each.hint for each in messages)
    assert checks.check_stored_keys(None, databases=None) == []


def test_a_changed_token_is_no_key():
    token = encryption.encrypt(KEY)

    assert encryption.decrypt(token) == KEY
    assert encryption.encrypt(KEY) != token
    for broken in (token[:-4] + "AAAA", "", "sk-plain", token[1:]):
        assert not encryption.is_readable(broken)
        assert not encryption.is_current(broken)
