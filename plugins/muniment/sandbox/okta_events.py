"""The kinds of event in the Okta system log, and how Okta writes each of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from muniment.sandbox.accounts import factor_gap
from muniment.sandbox.people import Person, Spell
from muniment.sandbox.plan import Unenrolled
from muniment.sandbox.times import dice, iso_ms

Json = dict[str, Any]
SESSION_START = "user.session.start"
VIA_MFA = "user.authentication.auth_via_mfa"
NO_SESSION = "unknown"
IMPORTER = ("0oa4hrimport0001x7", "PublicClientApp", "HR import", "hr-import@harbourline.example")
APPS = (
    ("0oa4github00000001x7", "GitHub Enterprise Cloud"),
    ("0oa4claims00000001x7", "Claims console"),
    ("0oa4helpdesk000001x7", "Help desk"),
)
STAFF_GROUP = ("00g4everybody00001x7", "Staff")
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0"


@dataclass(frozen=True)
class Session:
    """One browser session of a person."""

    person: Person
    start: datetime
    session_id: str
    ip: str

    @classmethod
    def of(cls, person: Person, start: datetime) -> Session:
        """The session that the person starts at this instant."""
        chance = dice("session", person.okta_id, start)
        network = {"GB": "203.0.113", "IN": "198.51.100", "LV": "192.0.2"}
        ip = f"{network[person.employer.country]}.{chance.randrange(2, 250)}"
        return cls(person, start, f"102{chance.getrandbits(88):022x}", ip)


@dataclass(frozen=True)
class Event:
    """One event: the few things that differ. `may_be_late`: nothing hangs on its coming in time."""

    at: datetime
    event_type: str
    message: str
    actor: tuple[str, str, str, str]
    target: tuple[tuple[str, str, str, str], ...] = ()
    session: str = NO_SESSION
    ip: str = "203.0.113.1"
    country: str = "GB"
    result: str = "SUCCESS"
    reason: str | None = None
    credential: str | None = None
    step: int = 0
    factor: str | None = None
    is_late: bool = False
    may_be_late: bool = False

    @property
    def actor_id(self) -> str:
        """The account that acted."""
        return self.actor[0]

    @property
    def target_id(self) -> str:
        """The first thing acted upon, or nothing."""
        return self.target[0][0] if self.target else ""

    @property
    def is_sign_in(self) -> bool:
        """Whether this starts a session."""
        return self.event_type == SESSION_START and self.result == "SUCCESS"

    def record(self, name: str) -> Json:
        """The event as GET /logs gives it, `name` being its uuid."""
        return {
            "actor": _party(self.actor),
            "client": {
                "userAgent": {"rawUserAgent": AGENT, "os": "Linux", "browser": "CHROME"},
                "zone": "null",
                "device": "Computer",
                "ipAddress": self.ip,
                "geographicalContext": {"country": self.country},
            },
            "authenticationContext": self._authentication(),
            "displayMessage": self.message,
            "eventType": self.event_type,
            "outcome": {"result": self.result} | ({"reason": self.reason} if self.reason else {}),
            "published": iso_ms(self.at),
            "securityContext": {
                "asNumber": None, "asOrg": None, "isp": None, "domain": None, "isProxy": False,
            },
            "severity": "INFO" if self.result == "SUCCESS" else "WARN",
            "debugContext": {"debugData": self._debug_data()},
            "transaction": {"type": "WEB", "id": name.replace("-", ""), "detail": {}},
            "uuid": name,
            "version": "0",
            "request": {"ipChain": [{"ip": self.ip, "version": "V4"}]},
            "target": [_party(party) for party in self.target],
        }  # fmt: skip

    def _authentication(self) -> Json:
        context: Json = {"authenticationStep": self.step, "externalSessionId": self.session}
        if self.credential:
            context["credentialProvider"] = "OKTA_CREDENTIAL_PROVIDER"
            context["credentialType"] = self.credential
        return context

    def _debug_data(self) -> Json:
        if self.factor:
            return {"requestUri": "/api/v1/authn/factors/verify", "factor": self.factor}
        return {"requestUri": "/"}


def _party(party: tuple[str, str, str, str]) -> Json:
    identifier, kind, name, alternate = party
    return {
        "id": identifier, "type": kind, "displayName": name, "alternateId": alternate,
    }  # fmt: skip


def _user(person: Person) -> tuple[str, str, str, str]:
    return person.okta_id, "User", person.name, person.email


def session_start(session: Session, is_late: bool = False) -> Event:
    """A session that begins with a password; alone, it is a sign-in with one factor."""
    return Event(
        session.start, SESSION_START, "User login to Okta", _user(session.person),
        session=session.session_id, ip=session.ip, country=session.person.employer.country,
        credential="PASSWORD", is_late=is_late,
    )  # fmt: skip


def password_step(session: Session) -> Event:
    """The password of a session, told in the same way as a second factor, which it is not."""
    return Event(
        session.start + timedelta(seconds=1), VIA_MFA, "Authentication of user via MFA",
        _user(session.person), session=session.session_id, ip=session.ip,
        country=session.person.employer.country, factor="PASSWORD_AS_FACTOR",
    )  # fmt: skip


def sign_in(session: Session) -> list[Event]:
    """A whole sign-in: password, told twice in one of ten, second factor, then an application."""
    person, country = session.person, session.person.employer.country
    identifier, name = dice("app", session.session_id).choice(APPS)
    is_told_twice = dice("password step", session.session_id).random() < 1 / 10
    return [
        session_start(session),
        *([password_step(session)] if is_told_twice else []),
        Event(
            session.start + timedelta(seconds=4), VIA_MFA, "Authentication of user via MFA",
            _user(person), session=session.session_id, ip=session.ip, country=country,
            credential="OTP", step=1, factor="OKTA_VERIFY_PUSH",
        ),
        Event(
            session.start + timedelta(seconds=30), "user.authentication.sso",
            "User single sign on to app", _user(person),
            ((identifier, "AppInstance", name, name),), session=session.session_id,
            ip=session.ip, country=country, may_be_late=True,
        ),
    ]  # fmt: skip


def mistyped(person: Person, moment: datetime) -> Event:
    """A sign-in that fails on the password."""
    return Event(
        moment, SESSION_START, "User login to Okta", _user(person), result="FAILURE",
        reason="INVALID_CREDENTIALS", credential="PASSWORD", may_be_late=True,
    )  # fmt: skip


def directory_import(moment: datetime) -> Event:
    """The hourly import from the HR system."""
    return Event(moment, "system.import.complete", "Complete import", IMPORTER)


def account_made(
    person: Person, administrator: Person, spell: Spell, is_again: bool
) -> list[Event]:
    """An account is made (or made active again), enrols a factor and joins the staff's group."""
    start, admin, user = spell.account_from, _user(administrator), _user(person)
    group = (STAFF_GROUP[0], "UserGroup", STAFF_GROUP[1], "unknown")
    made = ("user.lifecycle.reactivate", "Reactivate Okta user")
    if not is_again:
        made = ("user.lifecycle.create", "Create Okta user")
    return [
        Event(start, *made, admin, (user,)),
        Event(start + timedelta(seconds=2), "user.lifecycle.activate", "Activate Okta user",
              admin, (user,)),
        Event(start + timedelta(minutes=10), "user.mfa.factor.activate",
              "Enroll user in MFA factor", user, (user,)),
        Event(start + timedelta(minutes=11), "group.user_membership.add",
              "Add user to group membership", admin, (user, group)),
    ]  # fmt: skip


def account_taken(person: Person, administrator: Person, moment: datetime) -> list[Event]:
    """An account is deactivated and leaves the staff's group."""
    admin, user = _user(administrator), _user(person)
    group = (STAFF_GROUP[0], "UserGroup", STAFF_GROUP[1], "unknown")
    return [
        Event(moment, "user.lifecycle.deactivate", "Deactivate Okta user", admin, (user,)),
        Event(moment + timedelta(seconds=3), "group.user_membership.remove",
              "Remove user from group membership", admin, (user, group)),
    ]  # fmt: skip


def factor_lost_and_found(person: Person, administrator: Person, gap: Unenrolled) -> list[Event]:
    """A factor is taken off by the administrator and enrolled again later."""
    lost, found = factor_gap(gap)
    user = _user(person)
    return [
        Event(lost, "user.mfa.factor.deactivate", "Reset factor for user", _user(administrator),
              (user,)),
        Event(found, "user.mfa.factor.activate", "Enroll user in MFA factor", user, (user,)),
    ]  # fmt: skip
