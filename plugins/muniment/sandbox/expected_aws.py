"""What is planted in AWS: what the ledger shows of it, and what the sources hold."""

from __future__ import annotations

from collections.abc import Iterator

from muniment.sandbox.aws import ACCOUNT, SERVICES
from muniment.sandbox.aws_config import OPENED
from muniment.sandbox.times import YEAR_END, YEAR_START
from muniment.sandbox.truths import DAY, Json, content, gap
from muniment.sandbox.world import World


def gaps(world: World) -> Iterator[Json]:
    """What is missing after a day's own run."""
    for plant in world.aws.planted:
        if plant.restarted:
            yield gap(
                "aws_cloudtrail", plant.restarted, "NOT_PROVABLE",
                "The chain of digests starts again at 12:31.",
            )  # fmt: skip
        yield gap(
            "aws_cloudtrail", plant.lost, "NOT_PROVABLE",
            "The digest of 03:31 to 04:31 is gone.",
        )  # fmt: skip
        yield gap(
            "aws_cloudtrail", plant.late, "NOT_PROVABLE",
            "The digest of midnight came at nine in the morning.", plant.late + DAY,
        )  # fmt: skip
        yield gap(
            "aws_iam_credential_report", plant.stale, "NOT_PROVABLE",
            "The report that AWS gave was of the evening before.",
        )  # fmt: skip
        yield gap(
            "aws_cloudtrail", plant.altered, "NOT_PROVABLE",
            "A log file is not as it was delivered.",
        )  # fmt: skip
        yield gap(
            "aws_config_inventory", plant.unrecorded, "NOT_PROVABLE",
            "AWS Config delivered no snapshot.",
        )  # fmt: skip


def contents(world: World) -> Iterator[Json]:
    """What the sources show and no control test judges yet."""
    for plant in world.aws.planted:
        what = "the account's root signs in without a second factor"
        yield content("aws_cloudtrail", f"arn:aws:iam::{ACCOUNT}:root", what, plant.rooted)
        what = "a bucket lets the public in"
        yield content("aws_config_inventory", f"arn:aws:s3:::{OPENED}", what, plant.opened)
    name, since = SERVICES[1]
    what = f"a program's access key has not been changed since {since}"
    arn = f"arn:aws:iam::{ACCOUNT}:user/{name}"
    yield content("aws_iam_credential_report", arn, what, YEAR_START, YEAR_END)
