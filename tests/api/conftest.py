"""What the tests of both APIs together take from those of the REST API."""

from tests.api.rest.conftest import finished, picture, simulator

__all__ = ["finished", "picture", "simulator"]
