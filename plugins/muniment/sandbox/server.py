"""The simulated company over real HTTP, on loopback: its vendors, and an address to set the clock.

`/okta`, `/github`, … are the vendors' base paths; `/_token/<vendor>` gives their access tokens;
`/_sandbox/` is for tests and the demo alone.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import ThreadingHTTPServer
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self

from muniment.errors import MachineError, UsageError
from muniment.sandbox.airflow_http import Airflow
from muniment.sandbox.answers import Answer, Question, Vendor, document
from muniment.sandbox.aws_http import Aws
from muniment.sandbox.azure_http import Azure
from muniment.sandbox.configuration import connection_uris, write_configuration
from muniment.sandbox.drop import Drop
from muniment.sandbox.entra_http import GraphApi
from muniment.sandbox.faults import Fault, Kind, Outcome, is_before_answer, refusal, spoil
from muniment.sandbox.feeds_http import Cisa, EndOfLife
from muniment.sandbox.fleet_http import Fleet
from muniment.sandbox.github_http import GitHub
from muniment.sandbox.gitlab_http import GitLab
from muniment.sandbox.google_http import Google
from muniment.sandbox.kubernetes_http import Kubernetes
from muniment.sandbox.okta_http import Okta
from muniment.sandbox.times import DEFAULT_CLOCK, beside_the_year
from muniment.sandbox.tokens_http import TOKENS, TokenDoor
from muniment.sandbox.wire import Wire
from muniment.sandbox.world import World

LOOPBACK = "127.0.0.1"


class Sandbox:
    """One simulated company, served until closed. Use it as a context manager."""

    def __init__(self, seed: int, home: Path, port: int = 0, clock: datetime | None = None) -> None:
        """Binds the port (0: any free one) and writes the drop of this instant below `home`."""
        self.seed, self.home = seed, Path(home)
        self.world = World(seed)
        self.vendors: dict[str, Vendor] = {
            "okta": Okta(self.world),
            "github": GitHub(self.world),
            "gitlab": GitLab(self.world),
            "cisa": Cisa(self.world),
            "entra": GraphApi(self.world),
            "azure": Azure(self.world),
            "endoflife": EndOfLife(self.world),
            "fleet": Fleet(self.world),
            "kubernetes": Kubernetes(self.world),
            "google": Google(self.world),
            "aws": Aws(self.world, self.home),
            "airflow": Airflow(self.world),
        }
        self._tokens = TokenDoor(self.token)
        self.faults: list[Fault] = []
        self._drop = Drop(self.world, self.home)
        self._lock = threading.RLock()
        self.clock = DEFAULT_CLOCK
        self.set_clock(clock or DEFAULT_CLOCK)
        self._server = _bound(port, _wire(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        )

    @property
    def url(self) -> str:
        """The server's address without base path."""
        return f"http://{LOOPBACK}:{self._server.server_port}"

    def __enter__(self) -> Self:
        """Starts serving in a thread of its own."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        """Stops serving; the drop stays."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def set_clock(self, moment: datetime) -> None:
        """Moves the simulated clock and brings the drop in step. Raises UsageError without zone."""
        if moment.tzinfo is None:
            raise UsageError(
                f"The simulated clock: found '{moment.isoformat()}', expected an instant with its "
                "zone, such as 2026-01-31T02:00:00Z."
            )
        with self._lock:
            self.clock = moment.astimezone(UTC)
            self._drop.advance(self.clock)

    def fault(self, kind: Kind, path: str = ".*", **options: Any) -> Fault:
        """Switches on one fault (see `faults.Fault` for the options)."""
        fault = Fault(kind, path, **options)
        with self._lock:
            self.faults.append(fault)
        return fault

    def delay_event(self, uuid: str, by: timedelta = timedelta(days=1)) -> None:
        """Stores one event of the Okta log so much later than it happened."""
        with self._lock:
            self.world.log.delay(uuid, by)

    def clear_faults(self) -> None:
        """Switches off every fault and every delay."""
        with self._lock:
            self.faults.clear()
            self.world.log.clear_delays()

    def token(self, vendor: str) -> str:
        """The token that this vendor accepts."""
        return f"sandbox-{vendor}-{self.seed}"

    def write_config(
        self, path: Path | str, muniment_home: str = ".muniment",
        only: Container[str] | None = None,
    ) -> dict[str, str]:  # fmt: skip
        """Writes a `muniment.yml` for this company; returns its AIRFLOW_CONN_… variables.

        only: ids of the sources that it shall name, all by default.
        """
        write_configuration(Path(path), self.home, muniment_home, only)
        return self.connections()

    def connections(self) -> dict[str, str]:
        """The AIRFLOW_CONN_… variables by which every vendor is reached."""
        tokens = {vendor: self.token(vendor) for vendor in self.vendors}
        extras = {vendor: self._tokens.extra_of(vendor, self.url) for vendor in self.vendors}
        return connection_uris(self.url, tokens, extras)

    def respond(self, vendor: str, question: Question) -> Outcome:
        """What one request of a vendor's API is answered with, faults included."""
        with self._lock:
            is_door = vendor == TOKENS
            api = self._tokens if is_door else self.vendors[vendor]
            if not is_door and question.token != self.token(vendor):
                return Outcome(api.refused())
            target = f"/{vendor}{question.url().removeprefix(question.root)}"
            hits = [fault for fault in self.faults if fault.takes(target, question.now)]
            for fault in hits:
                if is_before_answer(fault):
                    return Outcome(refusal(fault, question, api))
            outcome = Outcome(api.answer(question))
        for fault in hits:
            outcome = spoil(fault, question, outcome.answer)
        return outcome

    def administer(self, path: str, body: dict[str, Any], method: str) -> Answer:
        """`/_sandbox/clock` (GET, PUT {"clock": …}) and `/_sandbox/faults` (POST, DELETE)."""
        if path == "/_sandbox/clock":
            if method == "PUT":
                self.set_clock(datetime.fromisoformat(body["clock"]))
            return document({"clock": self.clock.isoformat(), "seed": self.seed})
        if path == "/_sandbox/faults":
            if method == "DELETE":
                self.clear_faults()
            if method == "POST":
                until = body.pop("until", None)
                self.fault(**body, until=datetime.fromisoformat(until) if until else None)
            return document([str(fault) for fault in self.faults])
        return document({"message": "Not Found"}, 404)


def _bound(port: int, handler: type[Wire]) -> ThreadingHTTPServer:
    try:
        return ThreadingHTTPServer((LOOPBACK, port), handler)
    except OSError as error:
        raise MachineError(
            f"The sandbox cannot listen on {LOOPBACK}:{port} ({error.strerror}). Nothing is "
            "served. Choose another port, or 0 for any free one."
        ) from error


def _wire(sandbox: Sandbox) -> type[Wire]:
    class BoundWire(Wire):
        company = sandbox

    return BoundWire


def serve(seed: int, home: Path | str, port: int = 0, clock: datetime | None = None) -> Sandbox:
    """A simulated company, to be used as a context manager: `with serve(1, home) as sandbox`."""
    return Sandbox(seed, Path(home), port, clock)


def run(seed: int, home: Path | str, port: int = 0, clock: datetime | None = None) -> None:
    """Serves until SIGINT or SIGTERM; prints the address, and how to reach it, first.

    Says on standard error where the clock lies outside the simulated year.
    """
    with serve(seed, home, port, clock) as sandbox, _stop_signal() as stopped:
        lines = [f"{sandbox.url}"]
        lines += [f"{k}={v}" for k, v in sandbox.connections().items()]
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()
        note = beside_the_year(sandbox.clock)
        if note is not None:
            sys.stderr.write(f"{note}\n")
        stopped()


@contextmanager
def _stop_signal() -> Iterator[Callable[[], bool]]:
    """Waits for SIGINT or SIGTERM; the handlers from before come back afterwards."""
    event = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        event.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield event.wait
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
