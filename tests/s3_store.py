"""A real S3 server on loopback (moto's), for what is read from object stores."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import requests
from moto.server import ThreadedMotoServer

from muniment.connections import Connection

KEY_ID = "AKIAPLANTED00000KEY1"
SECRET = "planted/secret+00aBcDeFgHiJkLmNoPqRsTuVw"
REGION = "eu-central-1"


class S3Store:
    """One bucket, and what else of AWS a test asks for."""

    def __init__(self, url: str, bucket: str) -> None:
        self.url, self.bucket = url, bucket
        self._s3 = self.client("s3")
        self._s3.create_bucket(
            Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION}
        )

    @property
    def connection(self) -> Connection:
        return Connection("the_connection", self.url, SECRET, KEY_ID, {"region_name": REGION})

    def client(self, service: str) -> Any:
        return boto3.client(
            service, endpoint_url=self.url, region_name=REGION,
            aws_access_key_id=KEY_ID, aws_secret_access_key=SECRET,
        )  # fmt: skip

    def put(self, key: str, body: bytes, metadata: dict[str, str] | None = None) -> None:
        self._s3.put_object(Bucket=self.bucket, Key=key, Body=body, Metadata=metadata or {})

    def delete(self, key: str) -> None:
        self._s3.delete_object(Bucket=self.bucket, Key=key)


@contextmanager
def s3_store(bucket: str = "evidence") -> Iterator[S3Store]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        # one process has one state, whatever server asks for it
        requests.post(f"http://{host}:{port}/moto-api/reset", timeout=10).raise_for_status()
        yield S3Store(f"http://{host}:{port}", bucket)
    finally:
        server.stop()
