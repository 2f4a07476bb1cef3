"""Everything that follows from a seed: people, plan, repositories, log and scans of one year."""

from __future__ import annotations

from functools import cached_property

from muniment.sandbox.accounts import Accounts
from muniment.sandbox.aws import AwsAccount
from muniment.sandbox.azure import AzureLog
from muniment.sandbox.entra import Entra
from muniment.sandbox.github_access import GitHubAccess
from muniment.sandbox.github_audit import GitHubAudit
from muniment.sandbox.google_workspace import Workspace
from muniment.sandbox.log_plan import LogPlan, log_plan
from muniment.sandbox.okta_access import OktaAccess
from muniment.sandbox.okta_log import OktaLog
from muniment.sandbox.people import Company
from muniment.sandbox.plan import Plan, make_plan
from muniment.sandbox.pulls import PullStory, abandon
from muniment.sandbox.releases import ReleaseStory, push_directly, rewrite
from muniment.sandbox.repositories import TERMS, Repository, Terms, lived_days
from muniment.sandbox.scans import Scans


class World:
    """One seed's company. Nothing in it depends on the clock; whoever asks says when."""

    def __init__(self, seed: int) -> None:
        """Makes people and plan; the rest is made when first asked for."""
        self.seed = seed
        self.company = Company(seed)
        self.plan: Plan = make_plan(seed)

    @cached_property
    def repositories(self) -> dict[str, Repository]:
        """The repositories by name, their whole year lived."""
        return {terms.name: self._live(terms) for terms in TERMS}

    @cached_property
    def log_plan(self) -> LogPlan:
        """What goes wrong with the servers' log files."""
        return log_plan(self.seed)

    @cached_property
    def accounts(self) -> Accounts:
        """The Okta accounts and their second factors."""
        return Accounts(self.company, self.plan)

    @cached_property
    def github_access(self) -> GitHubAccess:
        """Members of the GitHub organisation and their rights."""
        return GitHubAccess(self.seed, self.company, self.plan, self.repositories)

    @cached_property
    def okta_access(self) -> OktaAccess:
        """Okta's groups, applications and policies."""
        return OktaAccess(self.company, self.accounts, self.plan)

    @cached_property
    def github_audit(self) -> GitHubAudit:
        """The GitHub audit log."""
        return GitHubAudit(self.seed, self.github_access, self.repositories)

    @cached_property
    def log(self) -> OktaLog:
        """The Okta system log."""
        return OktaLog(self.seed, self.company, self.plan)

    @cached_property
    def entra(self) -> Entra:
        """The Entra tenant: accounts, roles, sign-ins and audits."""
        return Entra(self.seed, self.company)

    @cached_property
    def azure(self) -> AzureLog:
        """The activity log of the Azure subscription."""
        return AzureLog(self.seed, self.entra)

    @cached_property
    def google(self) -> Workspace:
        """The Google Workspace: accounts and what its reports say."""
        return Workspace(self.seed, self.company)

    @cached_property
    def aws(self) -> AwsAccount:
        """The AWS account: its users, and what CloudTrail logs."""
        return AwsAccount(self.seed, self.company)

    @cached_property
    def scans(self) -> Scans:
        """The scanners and what they find."""
        return Scans(self.seed, self.plan, self.repositories)

    def _live(self, terms: Terms) -> Repository:
        repository = Repository(self.seed, terms, self.company, self.plan)
        for before, day in lived_days(terms):
            pull = PullStory(repository, before, day).live()
            abandon(repository, before, day)
            push_directly(repository, day)
            if terms.is_deployed:
                ReleaseStory(repository, day, pull).live()
            rewrite(repository, day)
        return repository
