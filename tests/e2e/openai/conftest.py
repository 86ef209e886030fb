"""A program beside the studio that all tests share."""

import pytest

from tests.e2e.openai.programs import Program
from tests.studio import Studio


@pytest.fixture(scope="package")
def program(studio: Studio, simulator: str) -> Program:
    return Program(studio, simulator)
