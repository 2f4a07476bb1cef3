"""Fixtures for every test: the reference material where it is present, and a home of one's own."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# tests that several files share say as much when they fail as tests of one file do
pytest.register_assert_rewrite("ground_truth")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of vendors' schemas, real samples and the control library, beside the checkout.

    A user has none of it: tests that need it skip there, and fail where CI promises it.
    """
    folder = Path(os.environ.get("MUNIMENT_SHARED", ROOT.parent / "shared"))
    if not folder.is_dir():
        pytest.skip("the reference material (../shared) is not beside this checkout")
    return folder


@pytest.fixture(scope="session")
def openssl() -> str:
    """The stock openssl that readers of a proof have; CI installs it, a user may lack it."""
    found = shutil.which("openssl")
    if found is None:
        reason = "openssl is not installed (Debian package openssl)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found
