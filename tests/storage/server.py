"""`python -m tests.storage.server PORT BUCKET`: a server of S3 that checks signatures, with an empty bucket.

What is stored there is kept in memory, and ends with the process.
"""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import boto3
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import BaseWSGIServer, make_server

from tests.storage.signatures import SignatureCheck

KEY_ID, SECRET = "a-key", "a-secret-of-the-store"
REGION = "eu-central-1"


def new_check() -> SignatureCheck:
    """Return the application, which lets nothing through that is not signed with the key."""
    return SignatureCheck(DomainDispatcherApplication(create_backend_app), KEY_ID, SECRET)


def start(check: SignatureCheck, port: int = 0) -> tuple[BaseWSGIServer, Thread]:
    """Serve the application in a thread, by default on a free port."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = make_server("127.0.0.1", port, check, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    return server, thread


@contextmanager
def running(bucket: str) -> Iterator[dict[str, str]]:
    """Run the server in this process, and yield the settings of a studio whose files are in the bucket."""
    serving, thread = start(new_check())
    endpoint = f"http://127.0.0.1:{serving.server_port}"
    try:
        make_bucket(endpoint, bucket)
        yield settings_for(endpoint, bucket)
    finally:
        serving.shutdown()
        thread.join()
        serving.server_close()


def make_bucket(endpoint: str, name: str) -> None:
    """Make a bucket at the server."""
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id=KEY_ID,
        aws_secret_access_key=SECRET,
    )
    client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})


def settings_for(endpoint: str, bucket: str) -> dict[str, str]:
    """Return the settings of a studio whose files are in the bucket."""
    return {
        "STORAGE_URL": f"s3://{bucket}/studio?endpoint={endpoint}&region={REGION}",
        "STORAGE_KEY_ID": KEY_ID,
        "STORAGE_SECRET_KEY": SECRET,
    }


if __name__ == "__main__":
    _, serving = start(new_check(), int(sys.argv[1]))
    make_bucket(f"http://127.0.0.1:{sys.argv[1]}", sys.argv[2])
    serving.join()
