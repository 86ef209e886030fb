"""Files of images are in storage before the transaction that names them, and go unless it did."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from accounts.models import User
from tests import storage_guard
from tests.views.page import picture
from videos.engine.file_check import strays
from videos.engine.stored_bytes import remove_discarded
from videos.media.reference import Reference, open_reference
from videos.models import DiscardedFile, ReferenceImage
from videos.services import references as service
from videos.services.image_files import (
    DUE_AFTER,
    ImageFilesGoneError,
    WrittenFiles,
    name_files,
    written_files,
)
from videos.services.references import keep_reference, keep_stored_reference, store_reference
from videos.services.storage_errors import StorageUnavailableError

pytestmark = pytest.mark.django_db


PICTURE = picture(size=(36, 64))  # each that is made differs


def image() -> Reference:
    return open_reference(PICTURE, max_bytes=10**7)


def stored_names() -> list[str]:
    root = Path(default_storage.path(""))
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def grow_old(by: timedelta) -> None:
    for note in DiscardedFile.objects.all():
        DiscardedFile.objects.filter(pk=note.pk).update(due_at=note.due_at - by)


def test_a_kept_image_leaves_no_note_and_is_removed_by_nobody(alice: User):
    kept = keep_reference(alice, image())

    assert stored_names() == sorted([str(kept.file), str(kept.thumbnail)])
    assert kept.public_id in kept.file.name
    assert not DiscardedFile.objects.exists()


def test_files_of_a_process_that_is_killed_are_removed_once_they_are_due(alice: User):
    store_reference(alice, image(), WrittenFiles(), field="reference")  # and nothing more

    assert len(stored_names()) == 2
    assert remove_discarded() == 0
    assert not strays.without_row(stored_names())  # nor does check_storage take them, at any age
    grow_old(DUE_AFTER)
    assert remove_discarded() == 2
    assert stored_names() == []


def test_what_the_transaction_did_not_keep_is_removed_at_once(alice: User):
    with written_files() as written:
        stored = store_reference(alice, image(), written, field="reference")
        with transaction.atomic():
            keep_stored_reference(alice, stored, field="reference")
            transaction.set_rollback(True)

    assert stored_names() == []
    assert not DiscardedFile.objects.exists()


def test_files_that_may_be_removed_soon_are_not_named(alice: User):
    with written_files() as written:
        stored = store_reference(alice, image(), written, field="reference")
        grow_old(DUE_AFTER / 2)
        with pytest.raises(StorageUnavailableError):
            keep_stored_reference(alice, stored, field="reference")

    assert not ReferenceImage.objects.exists()
    with pytest.raises(ImageFilesGoneError):
        name_files(["references/1/never-written.png"])


def test_an_image_that_its_owner_has_is_not_written_again(alice: User, monkeypatch: pytest.MonkeyPatch):
    first = keep_reference(alice, image())
    monkeypatch.setattr("contentgen.storage.AtomicFileSystemStorage._save", None)

    assert keep_reference(alice, image()) == first


def test_an_image_that_is_removed_in_between_is_an_error_and_no_row_without_a_file(alice: User):
    kept = keep_reference(alice, image())
    with written_files() as written:
        stored = store_reference(alice, image(), written, field="reference")
        kept.delete()
        with pytest.raises(StorageUnavailableError):
            keep_stored_reference(alice, stored, field="reference")

    assert not ReferenceImage.objects.exists()


def test_of_two_who_keep_the_same_image_at_once_one_file_is_left(
    alice: User, monkeypatch: pytest.MonkeyPatch
):
    store = service.store_reference

    def after_another(*args: object, **options: object) -> object:
        monkeypatch.setattr(service, "store_reference", store)
        stored = store(*args, **options)  # type: ignore[arg-type]
        keep_reference(alice, image())
        return stored

    monkeypatch.setattr(service, "store_reference", after_another)
    kept = keep_reference(alice, image())

    assert stored_names() == sorted([str(kept.file), str(kept.thumbnail)])


def test_storage_that_is_asked_inside_a_transaction_is_noticed():
    with storage_guard.watched() as found:
        default_storage.save("a.txt", ContentFile(b"1"))
        with transaction.atomic():
            for ask in (default_storage.exists, default_storage.delete, default_storage.open):
                with pytest.raises(AssertionError, match="inside a transaction"):
                    ask("a.txt")
            with pytest.raises(AssertionError, match="inside a transaction"):
                default_storage.save("b.txt", ContentFile(b"1"))
    assert len(found) >= 4
