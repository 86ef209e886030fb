"""What the tests of both APIs together take from those of the REST API."""

import pytest

from tests.api.rest.conftest import finished, picture, simulator

__all__ = ["finished", "picture", "simulator"]


@pytest.fixture(autouse=True)
def decode_once(remembered_decoder: None) -> None:
    """What a program asks for is what differs here; the files are a few."""
