"""What the audit log and the admin's history keep in English is read in German, as are numbers and days."""

import json
from datetime import timedelta

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from accounts import formats
from accounts.models import DateStyle, User
from audit.models import Entry
from audit.trail import record
from audit.vocabulary import Action, Kind
from contentgen.stored_texts import translated
from tests.factories import BackendFactory, VideoFactory
from videos import subjects
from videos.admin.actions import DELETE, VIDEO_ACTIONS
from videos.services.share_links import LinkOptions, create_link

_GERMAN = {"Accept-Language": "de"}


@pytest.mark.parametrize(
    ("kept", "read"),
    [
        ("Probed at https://gpu.example/v1.", "Getestet bei https://gpu.example/v1."),
        ("Assigned job job_7.", "Auftrag job_7 zugeordnet."),
        ("Viewed the page.", "Seite angesehen."),
        ("Check again.", "Erneut geprüft."),
        ("Confirmed the key in GPU_KEY for https://gpu.example/v1.", None),
        ("1 API token revoked.", "1 API-Token widerrufen."),
        ("3 API tokens revoked.", "3 API-Tokens widerrufen."),
        (
            "Changed password and revoked 2 API tokens.",
            "Passwort geändert und 2 API-Tokens widerrufen.",
        ),
        (
            "shows the prompt; asks for a password; expires 2026-03-02 17:30 UTC",
            "zeigt den Prompt; fragt nach einem Passwort; läuft ab am 02.03.2026, 17:30 UTC",
        ),
        ("allows downloads; never expires", "erlaubt Herunterladen; läuft nie ab"),
        ("never expires", "läuft nie ab"),
        ("2 moved to GPU box. 1 left.", "2 zu GPU box verschoben. 1 geblieben."),
        (
            "Models updated: 2 added (a, b), 1 retired (c).",
            "Modelle aktualisiert: 2 hinzugefügt (a, b), 1 aus dem Angebot genommen (c).",
        ),
        ("Released: 3 videos, $1.20.", "Freigegeben: 3 Videos, $1.20."),
        (
            "Released: 1 video, $1.20 and 2 without a price.",
            "Freigegeben: 1 Video, $1.20 und 2 ohne Preis.",
        ),
        ("Released: 1 video, 1 without a price.", "Freigegeben: 1 Video, 1 ohne Preis."),
        (
            'Imported an export of studio a1: {"videos": 3, "share_links": 1}',
            "Export von studio a1 importiert: Videos: 3, Freigabelinks: 1",
        ),
        (
            "Changed Active, Role and Theme. (copied from the admin's history)",
            "Aktiv, Rolle und Farbschema geändert. (aus dem Verlauf in der Verwaltung übernommen)",
        ),
        (
            "Viewed the page. (copied from the admin's history)",
            "Seite angesehen. (aus dem Verlauf in der Verwaltung übernommen)",
        ),
        ("1,234 videos.", "1.234 Videos."),
        ("Waits for 1 character and 1,200 videos.", "Wartet auf: 1 Figur und 1.200 Videos."),
        ("The image is larger than 4.5 MB.", "Das Bild ist größer als 4,5 MB."),
        ("It renews on 2 Mar 2026.", "Es erneuert sich am 02.03.2026."),
        ("Until 2 Mar 2026, 17:30.", "Bis 02.03.2026, 17:30."),
    ],
)
def test_it_is_german(kept: str, read: str | None) -> None:
    with translation.override("de"):
        shown = translated(kept)
    assert shown != kept
    assert read in (shown, None)


@pytest.mark.parametrize(
    "words",
    [
        "shows the prompt; dances",
        "never expires; never expires; and so on",
        "Gemini makes no videos of 1280x720",
        "4.5 GB",
        "Submissions of a friend",
    ],
)
def test_other_words_stay(words: str) -> None:
    with translation.override("de"):
        assert translated(words) == words


def test_sizes_of_pictures_are_no_numbers() -> None:
    with translation.override("de"):
        assert "1280x720" in translated("Gemini makes no videos of 1280x720, only 4.5.")


def test_each_reader_has_their_own_style_of_numbers() -> None:
    kept = "The image is larger than 1,234.5 MB."
    with translation.override("de"):
        german = translated(kept)
        with formats.override(DateStyle.ISO):
            assert "1\N{NARROW NO-BREAK SPACE}234.5 MB" in translated(kept)
        assert "1.234,5 MB" in german
        assert translated(kept) == german


@pytest.mark.django_db
def test_terms_of_a_link_are_written_so_that_they_are_found(alice: User) -> None:
    video = VideoFactory(owner=alice, state="completed")
    create_link(alice, video, LinkOptions(shows_prompt=True), days=7)
    entry = Entry.objects.get(kind=Kind.SHARE_LINK)
    day = (timezone.now() + timedelta(days=7)).strftime("%d.%m.%Y")
    with translation.override("de"):
        assert translated(entry.note).startswith(f"zeigt den Prompt; läuft ab am {day}, ")
        assert entry.name == f"zu {video.public_id}"


@pytest.mark.django_db
def test_the_page_of_an_entry_has_fields_and_values_in_german(as_carol: Client, carol: User) -> None:
    User.objects.filter(pk=carol.pk).update(is_staff=True, is_superuser=True)
    changes = {"enabled": (True, False), "created_at": ("", "2026-03-02")}
    entry = record(Action.CHANGED, subjects.backend(BackendFactory()), changes=changes)
    page = as_carol.get(
        reverse("admin:audit_entry_change", args=[entry.pk]), headers=_GERMAN
    ).content.decode()
    assert "eingeschaltet: <bdi>Ja → Nein</bdi>" in page
    assert "erstellt am: <bdi>nichts → 2026-03-02</bdi>" in page


@pytest.mark.django_db
def test_djangos_own_history_and_ours_are_german(as_carol: Client, carol: User) -> None:
    User.objects.filter(pk=carol.pk).update(is_staff=True, is_superuser=True)
    backend = BackendFactory()
    content_type = ContentType.objects.get_for_model(backend)
    for words in (json.dumps([{"changed": {"fields": ["Enabled", "Name"]}}]), "Probed at https://a.example."):
        LogEntry.objects.create(
            user=carol,
            content_type=content_type,
            object_id=str(backend.pk),
            object_repr="x",
            action_flag=CHANGE,
            change_message=words,
        )
    page = as_carol.get(
        reverse("admin:videos_backend_history", args=[backend.pk]), headers=_GERMAN
    ).content.decode()
    assert "Eingeschaltet und Name geändert." in page
    assert "Getestet bei https://a.example." in page


def test_what_somebody_is_called_stays() -> None:
    with translation.override("de"):
        assert Entry(kind=Kind.STUDIO, object_id="17", label="page").name == "page"
        assert Entry(kind=Kind.USER, object_id="17", label="page").name == "page"
        assert Entry(kind=Kind.USER, object_id="17", label="Queue of page").name == "Warteschlange von page"
        assert Entry(kind=Kind.STUDIO, object_id="retention", label="Removal by age").name != "Removal by age"


@pytest.mark.parametrize(
    ("kept", "read"),
    [
        ("Studio: $500.00 this month", "Studio: $500.00 für diesen Monat"),
        ("Role creator: $60.00 this week", "Rolle Ersteller: $60.00 für diese Woche"),
        ("Collection A: B: $120.00 in all", "Sammlung A: B: $120.00 insgesamt"),
        ("bob: $30.00 today", "bob: $30.00 für heute"),
    ],
)
def test_what_a_budget_is_called(kept: str, read: str) -> None:
    with translation.override("de"):
        assert Entry(kind=Kind.BUDGET, object_id="user:2/month", label=kept).name == read


def test_every_action_of_the_list_of_videos_has_its_sentence() -> None:
    with translation.override("en"):
        kept = [f"{each.label}." for each in VIDEO_ACTIONS if each is not DELETE]  # of which nothing is said
    with translation.override("de"):
        assert [words for words in kept if translated(words) == words] == []
