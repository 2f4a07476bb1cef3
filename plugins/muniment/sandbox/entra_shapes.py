"""Sign-ins and audits as Microsoft Graph's v1.0 shows them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from muniment.sandbox.people import Person
from muniment.sandbox.times import iso_s

SIGN_IN_TIME, AUDIT_TIME = "createdDateTime", "activityDateTime"
GRAPH_EXPLORER = ("de8bc8b5-d9f9-48b1-a8ad-b748da725064", "Azure Portal")
MFA_DONE = "MFA completed in Azure AD"
MFA_BEFORE = "MFA requirement satisfied by claim in the token"
PIM = {
    "appId": None,
    "displayName": "MS-PIM",
    "servicePrincipalId": "b4a3b0a5-pim",
    "servicePrincipalName": None,
}
Role = tuple[str, str]
Json = dict[str, Any]


def iso_ticks(moment: datetime) -> str:
    """As Microsoft writes an instant: to 100 ns."""
    return f"{moment.strftime('%Y-%m-%dT%H:%M:%S')}.{moment.microsecond:06d}0Z"


@dataclass(frozen=True)
class SignIn:
    """One interactive sign-in of a person."""

    native_id: str
    user_id: str
    person: Person
    at: datetime

    def record(self, luck: float) -> Json:
        """One that succeeded. `luck` (0 to 1) decides how its second factor was satisfied."""
        details = MFA_DONE if luck < 0.3 else MFA_BEFORE
        status = {"errorCode": 0, "failureReason": "Other.", "additionalDetails": details}
        country = self.person.employer.country
        return self._record("Browser", "192.0.2.14", country, status)

    def failed_record(self) -> Json:
        """One with a wrong password through an old protocol, from nowhere that anybody works."""
        reason = "Error validating credentials due to invalid username or password."
        status = {"errorCode": 50126, "failureReason": reason, "additionalDetails": None}
        return self._record("IMAP4", "203.0.113.66", "KP", status)

    def _record(self, client: str, ip: str, country: str, status: Json) -> Json:
        application_id, application = GRAPH_EXPLORER
        return {
            "id": self.native_id,
            SIGN_IN_TIME: iso_ticks(self.at),
            "userDisplayName": self.person.name,
            "userPrincipalName": self.person.email,
            "userId": self.user_id,
            "appId": application_id,
            "appDisplayName": application,
            "ipAddress": ip,
            "clientAppUsed": client,
            "correlationId": self.native_id,
            "conditionalAccessStatus": "success" if status["errorCode"] == 0 else "notApplied",
            "isInteractive": True,
            "riskDetail": "none",
            "riskLevelAggregated": "none",
            "riskLevelDuringSignIn": "none",
            "riskState": "none",
            "riskEventTypes": [],
            "resourceDisplayName": "Windows Azure Service Management API",
            "resourceId": "797f4846-ba00-4fd7-ba43-dac1f8f63013",
            "status": status,
            "deviceDetail": {
                "deviceId": "", "displayName": None, "operatingSystem": "Windows 11",
                "browser": "Edge 131.0", "isCompliant": None, "isManaged": None, "trustType": None,
            },
            "location": {
                "city": None, "state": None, "countryOrRegion": country, "geoCoordinates": None
            },
            "appliedConditionalAccessPolicies": [],
        }  # fmt: skip


@dataclass(frozen=True)
class Audit:
    """One audit: what was done to a person's account, with which role and by whom."""

    activity: str
    at: datetime
    target_id: str
    target: Person
    role: Role | None = None
    initiated_by: Json | None = None
    logged_by: str = "Core Directory"

    def by(
        self, actor: Person, actor_id: str, activity: str, after: timedelta = timedelta(0)
    ) -> Audit:
        """Done by a person, so long after."""
        user = {
            "id": actor_id, "displayName": None, "userPrincipalName": actor.email,
            "ipAddress": "192.0.2.14", "userType": None,
        }  # fmt: skip
        service = "PIM" if "PIM" in activity else "Core Directory"
        return self._done({"user": user, "app": None}, activity, after, service)

    def by_pim(self, activity: str, after: timedelta) -> Audit:
        """Done in the directory by PIM's own application."""
        return self._done({"user": None, "app": PIM}, activity, after, "Core Directory")

    def by_service(self, activity: str, after: timedelta) -> Audit:
        """Told by PIM of itself."""
        return self._done({"user": None, "app": PIM}, activity, after, "PIM")

    def record(self, native_id: str) -> Json:
        """As Graph shows it."""
        category = "RoleManagement" if self.role else "UserManagement"
        return {
            "id": native_id,
            "category": category,
            "correlationId": native_id,
            "result": "success",
            "resultReason": "",
            "activityDisplayName": self.activity,
            AUDIT_TIME: iso_s(self.at),
            "loggedByService": self.logged_by,
            "operationType": self.activity.partition(" ")[0],
            "initiatedBy": self.initiated_by,
            "targetResources": [*self._role_target(), self._user_target()],
            "additionalDetails": [],
        }

    def _done(self, initiated_by: Json, activity: str, after: timedelta, service: str) -> Audit:
        return replace(
            self, activity=activity, at=self.at + after, initiated_by=initiated_by,
            logged_by=service,
        )  # fmt: skip

    def _role_target(self) -> list[Json]:
        if self.role is None or self.logged_by != "PIM":
            return []
        return [_target(self.role[0], "Role", self.role[1], None, [])]

    def _user_target(self) -> Json:
        changes = []
        if self.role is not None and self.logged_by != "PIM":
            taken = self.activity.startswith("Remove")
            texts = {"Role.DisplayName": self.role[1], "Role.TemplateId": self.role[0]}
            for name, text in texts.items():
                before, after = (f'"{text}"', None) if taken else (None, f'"{text}"')
                changes.append({"displayName": name, "oldValue": before, "newValue": after})
        return _target(self.target_id, "User", None, self.target.email, changes)


def _target(
    native_id: str, kind: str, name: str | None, login: str | None, changes: list[Json]
) -> Json:
    return {
        "id": native_id, "displayName": name, "type": kind, "userPrincipalName": login,
        "groupType": None, "modifiedProperties": changes,
    }  # fmt: skip
