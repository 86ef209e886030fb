"""What the rooms whose doors are audited are set up with, from their own tests."""

from tests.batches.conftest import check as check
from tests.batches.conftest import save as save
from tests.billing.conftest import paid as paid
from tests.collections.conftest import make_collection as make_collection
from tests.webhooks.conftest import hook as hook
from tests.webhooks.conftest import inside as inside
