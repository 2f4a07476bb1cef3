"""AWS CloudTrail as it is delivered to S3: every log file verbatim, proven by the digest chain.

A day is proven where, for every declared account and region, signed digests cover its deliveries
without a gap until `late_h` hours after its end, and every log file is there as they list it (see
`vendors.cloudtrail_chain`). CloudTrail sorts by delivery, so what is delivered later than that lies
in the next days' folders and counts for the day on which it happened.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated

from pydantic import Field, StringConstraints

from muniment.collecting import Ask
from muniment.collection import instant, midnight
from muniment.errors import SourceError, TransientSourceError
from muniment.sources.spec import Options, Shape, SourceSpec
from muniment.vendors import cloudtrail_layout as layout
from muniment.vendors import cloudtrail_reading
from muniment.vendors.cloudtrail_bucket import Bucket, days, wanted
from muniment.vendors.cloudtrail_chain import SHOWN_BREAKS, Break, Chain, told
from muniment.vendors.cloudtrail_keys import LIST_PUBLIC_KEYS, KeyRing
from muniment.vendors.cloudtrail_layout import Place
from muniment.vendors.cloudtrail_reading import Read

DAY = timedelta(days=1)
#: after this a break is taken for lasting: nobody asks again without being told to (project choice)
FINAL_AFTER = timedelta(hours=48)
Account = Annotated[str, StringConstraints(pattern=r"^\d{12}$")]
Region = Annotated[str, StringConstraints(pattern=rf"^{layout.REGION.pattern}$")]


class AwsCloudtrailOptions(Options):
    """accounts, regions: declared ones; without them, those that the bucket shows.

    trails: whose digests must be whole (by default of all that were ever seen, so that one that was
    given up is missed until the others are named). late_h: how long after a day's end its
    digests must reach; settling_h: how long after that one may still be delivered.
    """

    accounts: tuple[Account, ...] = ()
    regions: tuple[Region, ...] = ()
    trails: tuple[str, ...] = ()
    late_h: int = Field(default=1, ge=1, le=23)
    settling_h: int = Field(default=3, ge=1)


def _look(ask: Ask) -> str:
    """What a check sees: accounts and regions, and whether their keys may be asked for."""
    assert isinstance(ask.options, AwsCloudtrailOptions)  # validated against SPEC.options
    bucket = Bucket(ask)
    seen, accounts, others = bucket.places()
    _, absent = wanted(ask.options.accounts, ask.options.regions, seen, accounts)
    _note(ask, ask.options, seen, accounts, others)
    now = ask.started_at
    keys = KeyRing(ask, bucket.is_local, now - DAY, now)
    for region in sorted({place.region for place in seen}):
        keys.of(region)
    for place in sorted(absent):
        ask.warn(f"{place}: no such folder in the bucket, and options declare it.")
    for item in keys.breaks:
        ask.warn(item.text)
    return f"{len(seen)} regions of {len(accounts)} accounts"


SPEC = SourceSpec(
    kind="aws_cloudtrail",
    title="AWS CloudTrail in S3",
    mode="event",
    needs="location",
    shapes=(
        Shape(
            "log", "document", "event", ("/Records/*",), rest="log_file",
            native_id=("/eventID",), event_time="/eventTime",
        ),
        Shape("digest", "document", "digest"),
        Shape("public_keys", "document", "public_key"),
        Shape("listing", "document", "listing"),
    ),
    feeds={
        "event": (
            "access_events.sign_in", "access_events.resource_access", "access_events.grant",
            "access_events.revoke", "access_events.elevation", "change_events.config_change",
            "change_events.infra_change",
        ),
        "log_file": (), "digest": (), "public_key": (), "listing": (),
    },
    options=AwsCloudtrailOptions,
    look=_look,
    basis=("hash_chain", "not_provable"),
    read_only_posts=(LIST_PUBLIC_KEYS,),
    permissions=(
        "s3:ListBucket on the bucket and s3:GetObject on AWSLogs/*: the log files and digests",
        "kms:Decrypt on the trail's key, where the files are encrypted with one",
        "cloudtrail:ListPublicKeys: the keys that signed the digests (a POST that only reads)",
    ),
    limits=(
        "CloudTrail usually delivers within minutes and promises no time. A day is asked for again "
        "until the digests reach `late_h` hours beyond it; what is delivered later still counts "
        "for its own day.",
        "Retention is the bucket's own: its life cycle rules decide, and nothing here can tell.",
    ),
    blind_spots=(
        "Without `accounts` and `regions` those that the bucket shows are expected: one that never "
        "delivered is not missed, and one that was given up is missed until the others are "
        "declared.",
        "A trail records what its selectors name: data events (object reads, function calls) are "
        "missing where it does not ask for them, and no file says so.",
        "The digests of a day after which validation was off prove nothing of the time between.",
        "A copy of the layout in a local folder carries no signatures: its days are never proven.",
        "Insights events (CloudTrail-Insight) are not read.",
    ),
)  # fmt: skip


def collect(ask: Ask) -> None:
    """Keeps the window's log files and digests and states which days they prove.

    Raises SourceError where the bucket or some of its files cannot be read; the rest is kept.
    """
    assert isinstance(ask.options, AwsCloudtrailOptions)  # validated against SPEC.options
    bucket = Bucket(ask)
    seen, accounts, others = bucket.places()
    places, absent = wanted(ask.options.accounts, ask.options.regions, seen, accounts)
    _note(ask, ask.options, seen, accounts, others)
    start = midnight(ask.window.first_day)
    end = midnight(_end_day(ask)) + timedelta(hours=ask.options.late_h)
    problems: list[SourceError] = []
    found = {
        place: cloudtrail_reading.read(ask, bucket, place, start, end, problems)
        for place in sorted(seen)
    }
    trails = cloudtrail_reading.keep_listing(ask, found)
    if problems:
        raise _fault(ask, problems)
    breaks = [Break(start, end, place, "no such folder in the bucket") for place in absent]
    keys = KeyRing(ask, bucket.is_local, start, end)
    pending_from = ask.started_at - timedelta(hours=ask.options.settling_h)
    for place in sorted(seen & places):
        known = {
            trail: datetime.fromisoformat(since)
            for trail, since in trails.get(str(place), {}).items()
            if since < instant(end)
        }
        chain = _chain(bucket, place, found[place], ask.options, keys, known)
        breaks += chain.breaks(start, end, pending_from)
    _prove(ask, ask.options, breaks + keys.breaks, found, bucket.is_local)


def _note(
    ask: Ask, options: AwsCloudtrailOptions, seen: set[Place], accounts: set[str], others: list[str]
) -> None:
    """Names what is there and was not declared; it is read all the same."""
    ids = {Place(folder, "").account for folder in accounts}
    strange = {
        "accounts": ids - set(options.accounts) if options.accounts else set(),
        "regions": {place.region for place in seen} - set(options.regions or ["*"])
        if options.regions else set(),
    }  # fmt: skip
    for name, found in strange.items():
        if found:
            ask.warn(
                f"{name} that options.{name} does not declare deliver to this bucket too: "
                f"{', '.join(sorted(found))}. They were read; their chains are not judged."
            )
    if others:
        ask.warn(
            f"{len(others)} folders are neither an account nor a region and were left aside: "
            f"{', '.join(sorted(others)[:SHOWN_BREAKS])}."
        )
    organisations = {folder.split("/")[1] for folder in accounts if folder.count("/") > 1}
    tenants = organisations or ids
    if len(tenants) == 1:
        ask.set_tenant(tenants.pop())


def _chain(
    bucket: Bucket, place: Place, read: Read, options: AwsCloudtrailOptions, keys: KeyRing,
    known: dict[str, datetime],
) -> Chain:  # fmt: skip
    wanted = options.trails or {*read.digests, *known}
    digests = {trail: read.digests.get(trail, []) for trail in wanted}
    return Chain(
        place, bucket.name, bucket.prefix, digests, read.logs, keys.of(place.region), read.unread,
        known,
    )  # fmt: skip


def _prove(
    ask: Ask, options: AwsCloudtrailOptions, breaks: list[Break], found: dict[Place, Read],
    is_local: bool,
) -> None:  # fmt: skip
    for day in days(ask.window.first_day, _end_day(ask) - DAY):
        start, end = midnight(day), midnight(day + DAY) + timedelta(hours=options.late_h)
        own = sorted(item for item in breaks if item.start < end and item.end > start)
        if own:
            is_old = ask.started_at >= midnight(day + DAY) + FINAL_AFTER
            is_final = is_old and not any(item.is_mendable or item.is_pending for item in own)
            _not_proven(ask, day, told(own), is_final)
        elif is_local:
            reason = (
                "A folder on this machine carries no signatures: its digests and hashes fit, but "
                "not that AWS made them. Name the bucket itself as `location`."
            )
            _not_proven(ask, day, reason, is_final=True)
        else:
            ask.prove_all(
                "hash_chain", day, day + DAY, reason=cloudtrail_reading.summary(found, start, end)
            )


def _not_proven(ask: Ask, day: date, reason: str, is_final: bool) -> None:
    for stream in SPEC.ledger_streams(ask.options):
        ask.prove(stream, "not_provable", day, day + DAY, reason=reason, is_final=is_final)


def _fault(ask: Ask, problems: list[SourceError]) -> SourceError:
    shown = "; ".join(str(problem) for problem in problems[:SHOWN_BREAKS])
    is_transient = all(isinstance(problem, TransientSourceError) for problem in problems)
    kind = TransientSourceError if is_transient else SourceError
    return kind(
        f"{ask.source.id}: {len(problems)} files cannot be read: {shown}. The others were kept. "
        "Collect again, once they can be."
    )


def _end_day(ask: Ask) -> date:
    """No day that has not ended is asked for."""
    return min(ask.window.end_day, ask.last_ended_day + DAY)
