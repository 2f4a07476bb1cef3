"""A `muniment.yml` for the simulated company, and the connections that go with it."""

from __future__ import annotations

import json
from collections.abc import Container
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import yaml

from muniment.sandbox.aws import ACCOUNT, BUCKET, REGION
from muniment.sandbox.azure import SUBSCRIPTION
from muniment.sandbox.people import COMPANY, ORGANISATION

REGISTERS = ("roster", "assets", "waivers", "controls")
#: the sources that the control tests of the first stage read
SPINE = (
    "okta", "okta_users", "github_pulls", "github_deployments", "sast", "dast", "trivy", *REGISTERS,
)  # fmt: skip

#: what `make demo` and `make up` ask: beside the first sources one or two of each group, so that
#: nobody waits for all that the company has
SHOWN = (
    *SPINE, "okta_policies", "github_repo_access", "github_audit_log", "github_members", "cisa_kev",
    "aws_cloudtrail", "aws_iam_credential_report", "google_workspace_users", "sshd_journal",
    "kubernetes_workloads",
)  # fmt: skip
#: what else GitHub tells beside changes: kinds, which are the ids of their sources too
GITHUB_ACCESS = (
    "github_repo_access",
    "github_audit_log",
    "github_members",
    "github_branch_protection",
    "github_saml_identities",
)


def write_configuration(
    path: Path, sandbox_home: Path, muniment_home: str, only: Container[str] | None = None
) -> None:
    """Writes the configuration: vendors, drops and the four registers; `only` these sources."""
    drop = sandbox_home.resolve() / "drop"
    sources = [
        *_vendor_sources(),
        *_github_sources(),
        *_gitlab_sources(),
        *_google_sources(),
        *_scan_sources(drop),
        *_register_sources(drop),
        *_estate_sources(drop),
        *_microsoft_sources(),
        *_azure_log_sources(drop),
        *_aws_sources(),
        *_log_sources(drop),
    ]
    settings = {
        "organisation": COMPANY,
        "home": muniment_home,
        "frameworks": ["soc2", "gdpr", "vendor-guardrails"],
        "sandbox": True,
        "sources": [item for item in sources if only is None or item["id"] in only],
    }
    text = yaml.safe_dump(settings, sort_keys=False, allow_unicode=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def connection_uris(
    url: str, tokens: dict[str, str], extras: dict[str, dict[str, str]]
) -> dict[str, str]:
    """AIRFLOW_CONN_<VENDOR> -> connection URI; the host carries scheme, port and base path.

    Where a vendor has an extra, this says how its token is got, and the token itself is left out.
    """
    scheme, found = urlsplit(url).scheme, {}
    for vendor, token in tokens.items():
        login = token if vendor == "aws" else ""  # the id of its key, which a signature names
        extra, host = extras[vendor], quote(f"{url}/{vendor}", safe="")
        tail = f"/?__extra__={quote(json.dumps(extra), safe='')}" if extra else ""
        found[f"AIRFLOW_CONN_{vendor.upper()}"] = (
            f"{scheme}://{host}{tail}" if extra else f"{scheme}://{login}:{token}@{host}"
        )
    return found


def _vendor_sources() -> list[dict[str, Any]]:
    kinds = {
        "okta": ("okta", "okta_system_log"), "okta_users": ("okta", "okta_users"),
        "github_pulls": ("github", "github_pulls"),
        "github_deployments": ("github", "github_deployments"),
    }  # fmt: skip
    kinds |= {kind: ("okta", kind) for kind in ("okta_policies", "okta_groups", "okta_apps")}
    return [
        {
            "id": source_id, "kind": kind, "connection": vendor, "system": vendor,
            "required": source_id in SPINE,
            "options": {"organisation": ORGANISATION} if vendor == "github" else {},
        }
        for source_id, (vendor, kind) in kinds.items()
    ]  # fmt: skip


def _github_sources() -> list[dict[str, Any]]:
    return [
        {
            "id": kind, "kind": kind, "connection": "github", "system": "github",
            "required": False, "options": {"organisation": ORGANISATION},
        }
        for kind in GITHUB_ACCESS
    ]  # fmt: skip


def _gitlab_sources() -> list[dict[str, Any]]:
    return [
        {
            "id": "gitlab_members", "kind": "gitlab_members", "connection": "gitlab",
            "system": "gitlab", "required": False, "options": {"groups": [ORGANISATION]},
        }
    ]  # fmt: skip


def _google_sources() -> list[dict[str, Any]]:
    """Nobody waits for a quota on a clock that stands still."""
    return [
        {
            "id": kind, "kind": kind, "connection": "google", "system": "google",
            "required": False, "options": {"max_wait_s": 5},
        }
        for kind in ("google_workspace_activity", "google_workspace_users")
    ]  # fmt: skip


def _scan_sources(drop: Path) -> list[dict[str, Any]]:
    return [
        {
            "id": "sast", "kind": "sarif", "location": f"{drop}/sarif/", "required": True,
            "options": {"scanner_types": ["sast"]},
        },
        {
            "id": "dast", "kind": "sarif", "location": f"{drop}/dast/", "required": True,
            "options": {"scanner_types": ["dast"]},
        },
        {
            "id": "trivy", "kind": "trivy", "location": f"{drop}/trivy/", "required": True,
            "options": {"scanner_types": ["container", "sca"]},
        },
    ]  # fmt: skip


def _estate_sources(drop: Path) -> list[dict[str, Any]]:
    return [
        {"id": "cisa_kev", "kind": "cisa_kev", "connection": "cisa"},
        {
            "id": "endoflife", "kind": "endoflife", "connection": "endoflife",
            "options": {"products": ["ubuntu", "macos", "debian"]},
        },
        {
            "id": "fleet_hosts", "kind": "fleet_hosts", "connection": "fleet", "system": "fleet",
        },
        {
            "id": "kubernetes_workloads", "kind": "kubernetes_workloads",
            "connection": "kubernetes", "system": "kubernetes",
        },
        {"id": "cyclonedx", "kind": "cyclonedx", "location": f"{drop}/cyclonedx/"},
        {"id": "spdx", "kind": "spdx", "location": f"{drop}/spdx/"},
        {"id": "osquery_results", "kind": "osquery_results", "location": f"{drop}/osquery/"},
    ]  # fmt: skip


def _microsoft_sources() -> list[dict[str, Any]]:
    kinds = ("entra_signins", "entra_audit", "entra_users", "azure_activity")
    return [
        {
            "id": kind, "kind": kind, "connection": system, "system": system,
            "options": {"subscriptions": [SUBSCRIPTION]} if system == "azure" else {},
        }
        for kind, system in ((kind, kind.partition("_")[0]) for kind in kinds)
    ]  # fmt: skip


def _aws_sources() -> list[dict[str, Any]]:
    declared = {"accounts": [ACCOUNT], "regions": [REGION]}
    return [
        {
            "id": "aws_cloudtrail", "kind": "aws_cloudtrail", "connection": "aws",
            "location": f"s3://{BUCKET}", "system": "aws", "options": declared,
        },
        {
            "id": "aws_iam_credential_report", "kind": "aws_iam_credential_report",
            "connection": "aws", "system": "aws",
        },
        {
            "id": "aws_config_inventory", "kind": "aws_config_inventory", "connection": "aws",
            "location": f"s3://{BUCKET}", "system": "aws", "options": declared,
        },
    ]  # fmt: skip


def _azure_log_sources(drop: Path) -> list[dict[str, Any]]:
    kind = "azure_diagnostic_logs"
    return [{"id": kind, "kind": kind, "system": "azure", "location": f"{drop}/azure/"}]


def _log_sources(drop: Path) -> list[dict[str, Any]]:
    """Airflow, and folders of log files. Each of these is written to every hour, so that six of
    silence are a loss.
    """
    folders: dict[str, tuple[str, str, str, dict[str, Any]]] = {
        "vault_audit": ("vault_audit", "vault", "vault", {}),
        "kubernetes_audit": ("kubernetes_audit", "kubernetes", "kubernetes", {}),
        "sshd_log": ("sshd_log", "bastion/syslog", "bastion", {"timezone": "UTC"}),
        "sshd_journal": ("sshd_log", "bastion/journal", "bastion", {"is_whole_journal": True}),
        "pgaudit": ("pgaudit", "database", "database", {}),
    }
    airflow = {"connection": "airflow", "system": "airflow"}
    return [
        {"id": "airflow_event_log", "kind": "airflow_event_log", **airflow},
        *(
            {
                "id": source_id, "kind": kind, "location": f"{drop}/{folder}/", "system": system,
                "options": {"quiet_h": 6, **options},
            }
            for source_id, (kind, folder, system, options) in folders.items()
        ),
    ]  # fmt: skip


def _register_sources(drop: Path) -> list[dict[str, Any]]:
    return [
        {
            "id": name, "kind": "register", "location": f"{drop}/registers/{name}/",
            "required": True, "options": {"schema": name},
        }
        for name in REGISTERS
    ]  # fmt: skip
