"""Access to the API of the studio that all tests of a process share."""

import pytest

from tests.e2e.openai.api_access import ApiAccess
from tests.studio import Studio


@pytest.fixture(scope="package")
def api_access(studio: Studio, simulator: str) -> ApiAccess:
    return ApiAccess(studio, simulator)
