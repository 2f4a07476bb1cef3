"""What runs in the simulated company's cluster at an instant: every image as it was released."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256

from muniment.sandbox.releases import PRODUCTION
from muniment.sandbox.scans import IMAGES
from muniment.sandbox.times import at, blocks, dice
from muniment.sandbox.world import World

REGISTRY = "registry.harbourline.example"
CLUSTER_UID = "6b2c1f0e-51c3-4a4e-9d53-0d7f5f1f3a10"
FOUNDED = at(date(2025, 6, 2), 9)
PODS_EACH = 3
#: an image that nobody scans and no register knows: the planted deviation of the estate
STRAY_IMAGE = "docker.io/library/redis:6.2"
STRAY_DIGEST = f"sha256:{sha256(STRAY_IMAGE.encode()).hexdigest()}"
STRAY_DAYS = 5


@dataclass(frozen=True)
class Service:
    """One service: what its deployment states, and the digest that its pods run."""

    name: str
    image: str
    digest: str
    created_at: datetime

    @property
    def uid(self) -> str:
        """The deployment's uid."""
        return uid("deployment", self.name)


def uid(*parts: object) -> str:
    """A uid that stays the same for the same thing."""
    text = sha256("/".join(map(str, parts)).encode()).hexdigest()
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:32]}"


def services(world: World, now: datetime) -> list[Service]:
    """What is deployed at an instant, the stray image on its days among it."""
    found = []
    for name in IMAGES:
        revision = released(world, name, now)
        digest = f"sha256:{sha256(revision.encode()).hexdigest()}"
        found.append(Service(name, f"{REGISTRY}/{name}:{revision[:12]}", digest, FOUNDED))
    for first in stray_days(world.seed):
        if at(first, 9) <= now < at(first + timedelta(days=STRAY_DAYS), 9):
            found.append(Service("session-cache", STRAY_IMAGE, STRAY_DIGEST, at(first, 9)))
    return found


def released(world: World, name: str, now: datetime) -> str:
    """The revision that the newest successful release to production brought."""
    repository = world.repositories[name]
    for item in reversed(repository.deployments):
        if item.environment == PRODUCTION and item.is_successful and item.created_at <= now:
            return item.revision
    return repository.updates_of_main[0].after


def stray_days(seed: int) -> list[date]:
    """First days of the stray image: one a block."""
    return [dice(seed, "stray", block.index).choice(block.workdays(3, 20)) for block in blocks()]


def refused_days(seed: int) -> list[date]:
    """Days on which the cluster refuses its list of deployments: one a block."""
    return [dice(seed, "cluster", block.index).choice(block.workdays(4, 28)) for block in blocks()]
