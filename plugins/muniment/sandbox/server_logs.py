"""What the company's servers write of a day: Vault, Kubernetes, two bastions and a database.

Each writes on every full hour, so that a log that goes on shows it, and at the same instants
whatever day is asked for first.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any

from muniment.sandbox.log_plan import LOGS_START, LogPlan, engineers
from muniment.sandbox.people import Company, Person
from muniment.sandbox.times import at, dice

Json = dict[str, Any]
Line = tuple[datetime, bytes]
#: entries of the second bastion's journal on a day: 24 by the hour, and room for sign-ins
JOURNAL_A_DAY = 34
BOOT = "6c7c6013a26343b29e964691ff25d04c"


class ServerLogs:
    """The lines of one day of one log, in order of time."""

    def __init__(self, seed: int, company: Company, plan: LogPlan) -> None:
        """Nothing is written before a day is asked for."""
        self._seed, self._company, self._plan = seed, company, plan
        #: log -> what it writes on a day
        self.of: dict[str, Callable[[date], list[Line]]] = {
            "vault/vault-1/audit": self._vault,
            "kubernetes/cp-1/audit": self._kubernetes,
            "bastion/syslog/bastion-1/auth": self._syslog,
            "bastion/journal/bastion-2/journal": self._journal,
            "database/pg-1/postgresql": self._database,
        }

    def _deeds(self, what: str, day: date, count: int) -> list[tuple[datetime, Person]]:
        """Some engineers at work, each at an instant of the day."""
        people, chance = engineers(self._company, day), dice(self._seed, what, day)
        chosen = chance.sample(people, min(count, len(people)))
        seconds = [chance.randrange(8 * 3600 + 1, 17 * 3600) for _ in chosen]
        moments = [at(day, 0) + timedelta(seconds=second) for second in sorted(seconds)]
        return list(zip(moments, chosen, strict=True))

    def _vault(self, day: date) -> list[Line]:
        calls: list[tuple[datetime, Person | None, str, str]] = [
            (at(day, hour), None, "auth/token/lookup-self", "read") for hour in range(24)
        ]
        calls += [
            (moment, person, "database/creds/claims-readonly", "read")
            for moment, person in self._deeds("vault", day, 5)
        ]
        if self._plan.is_on("root_token", day):
            calls.append((at(day, 18, 30), None, "sys/policies/acl/claims", "update"))
        found: list[Line] = []
        for moment, person, path, operation in calls:
            request_id = _uuid(self._seed, "vault", moment, path)
            entry = _vault_entry(moment, person, path, operation, request_id)
            found.append((moment, _json({**entry, "type": "request"})))
            is_lost = self._plan.is_on("vault_half", day) and moment == at(day, 13)
            if not is_lost:
                lease = {"lease_id": f"{path}/{request_id[:8]}"} if person else None
                answer = {**entry, "type": "response", "response": {"secret": lease}}
                found.append((moment + timedelta(milliseconds=3), _json(answer)))
        return sorted(found, key=lambda line: line[0])

    def _kubernetes(self, day: date) -> list[Line]:
        calls: list[tuple[datetime, str, str, Json]] = [
            (at(day, hour), "system:node:node-1", "update",
             {"resource": "leases", "namespace": "kube-node-lease", "name": "node-1"})
            for hour in range(24)
        ]  # fmt: skip
        calls += [
            (moment, person.email, "get",
             {"resource": "pods", "namespace": "claims", "name": "claims-api-0"})
            for moment, person in self._deeds("kubernetes", day, 6)
        ]  # fmt: skip
        if self._plan.is_on("exec", day):
            [(moment, person), *_] = self._deeds("exec", day, 1)
            calls.append((moment, person.email, "create", {
                "resource": "pods", "subresource": "exec", "namespace": "claims",
                "name": "claims-api-0",
            }))  # fmt: skip
        return [
            (moment, _json(_kubernetes_event(self._seed, moment, user, verb, about)))
            for moment, user, verb, about in sorted(calls, key=lambda call: call[0])
        ]

    def _sign_ins(self, host: str, day: date) -> list[tuple[datetime, str]]:
        """What sshd says on a day, by the hour and of people; the key alone, never a factor."""
        found = [(at(day, hour), "Server listening on 0.0.0.0 port 22.") for hour in range(24)]
        for moment, person in self._deeds(host, day, 4):
            key = sha256(person.email.encode()).hexdigest()[:43]
            found.append((
                moment.replace(microsecond=0),
                f"Accepted publickey for {person.email} from 203.0.113.{len(person.name)} "
                f"port {40000 + moment.minute} ssh2: ED25519 SHA256:{key}",
            ))  # fmt: skip
        return found

    def _syslog(self, day: date) -> list[Line]:
        found = self._sign_ins("bastion-1", day)
        if self._plan.is_on("root_password", day):
            words = "Accepted password for root from 198.51.100.7 port 51515 ssh2"
            found.append((at(day, 19, 7), words))
        lines = [
            (
                moment,
                f"{moment:%b} {moment.day:2d} {moment:%H:%M:%S} bastion-1 sshd[811]: {words}\n",
            )
            for moment, words in sorted(found)
        ]
        return [(moment, text.encode()) for moment, text in lines]

    def _journal(self, day: date) -> list[Line]:
        found = sorted(self._sign_ins("bastion-2", day))
        found += [(at(day, 23, 30), "Server listening on :: port 22.")] * (
            JOURNAL_A_DAY - len(found)
        )  # as many each day, so that no day has to be counted to number the next
        first = (day - LOGS_START).days * JOURNAL_A_DAY + 1
        lost = (first + 20, first + 21) if self._plan.is_on("journal_hole", day) else ()
        return [
            (moment, _json(_journal_entry(number, moment, words)))
            for number, (moment, words) in enumerate(found, first)
            if number not in lost
        ]

    def _database(self, day: date) -> list[Line]:
        hours = (day - LOGS_START).days * 24
        rows = [
            (at(day, hour), _row(at(day, hour), "68000001.1", hours + hour + 1, at(LOGS_START, 0),
                                 "", "checkpoint starting: time", "checkpointer"))
            for hour in range(24)
        ]  # fmt: skip
        deeds = [(*deed, "SELECT", "READ") for deed in self._deeds("database", day, 5)]
        if self._plan.is_on("superuser", day):
            deeds += [(*deed, "ALTER ROLE", "ROLE") for deed in self._deeds("superuser", day, 1)]
        for number, (moment, person, command, kind) in enumerate(deeds):
            session = f"{int(moment.timestamp()):x}.{number + 16:x}"
            for line, message in enumerate(_database_messages(person, command, kind), 1):
                is_lost = self._plan.is_on("database_hole", day) and (number, line) == (0, 3)
                when = moment + timedelta(milliseconds=17 * line)
                row = _row(when, session, line, moment, person.email, message, "client backend")
                rows += [] if is_lost else [(when, row)]
        return sorted(rows)


def _vault_entry(
    moment: datetime, person: Person | None, path: str, operation: str, request_id: str
) -> Json:
    policies = ["claims-readonly"] if person else ["root" if path.startswith("sys/") else "monitor"]
    name = f"oidc-{person.email}" if person else policies[0]
    metadata = {"email": person.email} if person else None
    token = "hmac-sha256:" + sha256(name.encode()).hexdigest()
    return {
        "time": moment.strftime("%Y-%m-%dT%H:%M:%S.%f000Z"),
        "auth": {"client_token": token, "display_name": name, "policies": policies,
                 "metadata": metadata, "token_type": "service"},
        "request": {"id": request_id, "operation": operation, "path": path,
                    "mount_type": path.split("/")[0], "client_token": token,
                    "client_token_accessor": token, "remote_address": "10.20.0.9"},
    }  # fmt: skip


def _kubernetes_event(seed: int, moment: datetime, user: str, verb: str, about: Json) -> Json:
    stamp = moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return {
        "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "Metadata",
        "auditID": _uuid(seed, "kubernetes", moment, user), "stage": "ResponseComplete",
        "requestURI": "/", "verb": verb,
        "user": {"username": user, "groups": ["system:authenticated"]},
        "sourceIPs": ["10.20.0.4"], "userAgent": "kubectl/v1.33.1", "objectRef": about,
        "responseStatus": {"metadata": {}, "code": 200}, "requestReceivedTimestamp": stamp,
        "stageTimestamp": stamp, "annotations": {"authorization.k8s.io/decision": "allow"},
    }  # fmt: skip


def _journal_entry(number: int, moment: datetime, words: str) -> Json:
    return {
        "__CURSOR": f"s={BOOT};i={number:x}", "__SEQNUM": str(number), "__SEQNUM_ID": BOOT,
        "__REALTIME_TIMESTAMP": str(int(moment.timestamp()) * 1_000_000), "_HOSTNAME": "bastion-2",
        "SYSLOG_IDENTIFIER": "sshd", "_PID": "702", "MESSAGE": words,
    }  # fmt: skip


def _database_messages(person: Person, command: str, kind: str) -> list[str]:
    about = "TABLE,public.claims" if kind == "READ" else ","
    said = "select * from claims where id = 1" if kind == "READ" else "alter role app superuser"
    return [
        "connection received: host=10.20.0.7 port=50000",
        f"connection authorized: user={person.email} database=claims",
        f"AUDIT: SESSION,1,1,{kind},{command},{about},{said},<none>",
        f"disconnection: session time: 0:00:01 user={person.email} database=claims",
    ]


def _row(
    moment: datetime, session: str, line: int, began: datetime, user: str, message: str,
    backend: str,
) -> bytes:  # fmt: skip
    cells = [""] * 26
    cells[0] = moment.strftime("%Y-%m-%d %H:%M:%S.") + f"{moment.microsecond // 1000:03d} UTC"
    cells[1], cells[2] = user, "claims" if user else ""
    cells[3], cells[4] = str(int(session.split(".")[1], 16)), "10.20.0.7:50000" if user else ""
    cells[5], cells[6], cells[8] = session, str(line), began.strftime("%Y-%m-%d %H:%M:%S UTC")
    cells[11], cells[12], cells[13], cells[23] = "LOG", "00000", message, backend
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue().encode()


def _json(record: Json) -> bytes:
    return json.dumps(record, separators=(",", ":")).encode() + b"\n"


def _uuid(*keys: object) -> str:
    text = sha256("/".join(map(str, keys)).encode()).hexdigest()
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-8{text[17:20]}-{text[20:32]}"
