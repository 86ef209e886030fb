import pytest
from django.core.management import CommandError

from tests.factories import BackendFactory
from tests.simulator.conftest import StartSimulator
from videos.models import Backend

pytestmark = pytest.mark.django_db


def test_it_prints_what_works_and_keeps_it(run, start_simulator: StartSimulator):
    simulator = start_simulator()
    BackendFactory(name="Box", base_url=f"{simulator.url}/v1", takes_reference=True, probed_at=None)

    ran = run("probe_backend", "Box")

    rows = {line[:15].strip(): line[15:].split()[0] for line in ran.out.splitlines() if line[:1].strip()}
    assert rows["remix"] == rows["list"] == rows["delete"] == "yes"
    assert rows["reference image"] == "?"
    box = Backend.objects.get(name="Box")
    assert (box.can_list, box.can_remix, box.can_edit, box.can_extend) == (True, True, True, True)
    assert box.takes_reference is True  # what could not be found out stays as staff set it
    assert box.probed_at is not None
    assert simulator.ledger() == []


def test_it_fails_for_one_that_cannot_be_used_and_keeps_what_was_known(
    run, ran, start_simulator: StartSimulator
):
    BackendFactory(
        name="Box", base_url=f"{start_simulator(api_key='sk').url}/v1", can_list=True, probed_at=None
    )

    with pytest.raises(CommandError, match="refuses the key"):
        run("probe_backend", "Box")

    assert "key" in ran.out
    box = Backend.objects.get(name="Box")
    assert (box.can_list, box.probed_at) == (True, None)


def test_it_names_those_there_are(run):
    with pytest.raises(CommandError, match=r"There is no backend “Box”. There is: Simulator\."):
        run("probe_backend", "Box")
