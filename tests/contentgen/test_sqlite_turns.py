"""Many writers at once on SQLite, in threads of several processes: all get on, and none waits for luck."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from django.db import OperationalError, connection

from contentgen.sqlite import base
from contentgen.sqlite.turns import FairLock

PROJECT = Path(__file__).resolve().parents[2]
PROCESSES, THREADS, TRANSACTIONS = 4, 15, 8
TIMEOUT = 6  # seconds; a fair share of the waiting takes a quarter of it
TIMEOUT_OF_ONE = 4  # seconds; of connections within this process
# Each transaction takes 20 ms, as one that waits for the disk. Prints how many failed.
_WRITE = f"""
import sys, threading, time, django
from django.conf import settings
options = {{"transaction_mode": "IMMEDIATE", "timeout": {TIMEOUT}}}
options["init_command"] = "PRAGMA journal_mode=WAL;"
database = {{"ENGINE": "contentgen.sqlite", "NAME": sys.argv[1], "OPTIONS": options}}
settings.configure(DATABASES={{"default": database}}, PRIVATE_FILE_MODE=0o600)
django.setup()
from django.db import OperationalError, connection, transaction
failed = []
def write():
    for _ in range({TRANSACTIONS}):
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("INSERT INTO written DEFAULT VALUES")
                time.sleep(0.02)
        except OperationalError as error:
            failed.append(error)
    connection.close()
with connection.cursor() as cursor:
    cursor.execute("CREATE TABLE IF NOT EXISTS written (n)")
threads = [threading.Thread(target=write) for _ in range({THREADS})]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(len(failed))
"""


def test_every_writer_of_many_processes_has_its_turn(tmp_path):
    command = [sys.executable, "-c", _WRITE, str(tmp_path / "db.sqlite3")]
    environment = {"PATH": os.environ["PATH"]}
    processes = [
        subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(PROCESSES)
    ]

    failures = [process.communicate()[0].strip() for process in processes]

    assert failures == ["0"] * PROCESSES


def test_a_statement_outside_of_a_transaction_has_its_turn_too(django_db_blocker, tmp_path):
    """It is a transaction of its own to SQLite: among others that take turns it would wait for luck."""
    first, done = _connect(tmp_path), []
    waiting = base._turns[str(first.settings_dict["NAME"])]._waiting

    def write_alone() -> None:
        connection = _connect(tmp_path)
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO rows_of_this_test VALUES (1)")
        done.append("statement")
        connection.close()

    def write_in_transaction() -> None:
        connection = _connect(tmp_path)
        connection.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
        time.sleep(0.3)
        connection.rollback()
        done.append("transaction")
        connection.close()

    with django_db_blocker.unblock():
        with first.cursor() as cursor:
            cursor.execute("PRAGMA journal_mode=WAL")
            cursor.execute("CREATE TABLE rows_of_this_test (n)")
        first.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
        threads = [threading.Thread(target=target) for target in (write_alone, write_in_transaction)]
        for number, thread in enumerate(threads, start=1):
            thread.start()
            until = time.monotonic() + 1
            while len(waiting) < number and time.monotonic() < until:
                time.sleep(0.001)
        first.rollback()
        for thread in threads:
            thread.join()
        first.close()

    assert done == ["statement", "transaction"]


def test_a_cursor_that_still_reads_fails_at_once_instead_of_waiting_for_itself(django_db_blocker, tmp_path):
    """Its read never sees what was written meanwhile, so that waiting would take the whole timeout."""
    reading, other = _connect(tmp_path), _connect(tmp_path)
    with django_db_blocker.unblock():
        with other.cursor() as cursor:
            cursor.execute("PRAGMA journal_mode=WAL")
            cursor.execute("CREATE TABLE rows_of_this_test (n)")
            cursor.execute("INSERT INTO rows_of_this_test VALUES (1), (2)")
        with reading.cursor() as open_cursor, reading.cursor() as cursor:
            open_cursor.execute("SELECT n FROM rows_of_this_test")
            assert open_cursor.fetchone() == (1,)
            with other.cursor() as writing:
                writing.execute("UPDATE rows_of_this_test SET n = n + 1")
            began = time.monotonic()
            with pytest.raises(OperationalError):
                cursor.execute("DELETE FROM rows_of_this_test")
            assert time.monotonic() - began < TIMEOUT_OF_ONE / 2
        reading.close()
        other.close()


def test_whoever_came_first_is_next():
    lock, order = FairLock(), []
    assert lock.acquire(timeout=0)

    def wait(name: int) -> None:
        assert lock.acquire(timeout=30)
        order.append(name)
        lock.release()

    threads = [threading.Thread(target=wait, args=(name,)) for name in range(5)]
    for number, thread in enumerate(threads):
        thread.start()
        while len(lock._waiting) <= number:  # it has come
            time.sleep(0.001)
    lock.release()
    for thread in threads:
        thread.join()

    assert order == [0, 1, 2, 3, 4]


def test_whoever_waited_too_long_leaves_the_queue():
    lock = FairLock()
    assert lock.acquire(timeout=0)
    assert not lock.acquire(timeout=0.01)

    lock.release()

    assert lock.acquire(timeout=0)


def test_a_turn_ends_with_its_transaction_however_it_ends(django_db_blocker, tmp_path):
    first, second = (_connect(tmp_path) for _ in range(2))
    with django_db_blocker.unblock():
        for end in (first.commit, first.rollback, first.close):
            first.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
            end()
            second.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
            second.rollback()
            second.set_autocommit(True)
            if first.connection is not None:
                first.set_autocommit(True)
        second.close()


def _connect(folder: Path) -> base.DatabaseWrapper:
    options = {"transaction_mode": "IMMEDIATE", "timeout": TIMEOUT_OF_ONE}
    settings = {**connection.settings_dict, "NAME": str(folder / "turns.sqlite3"), "OPTIONS": options}
    return base.DatabaseWrapper(settings, alias="turns")


def test_a_forked_process_waits_for_no_thread_of_its_parent():
    name = "a database of this test"
    assert base._turns[name].acquire(timeout=0)
    child = os.fork()
    if child == 0:
        os._exit(0 if base._turns[name].acquire(timeout=0) else 1)
    try:
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    finally:
        base._turns[name].release()
