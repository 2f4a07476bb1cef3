"""Errors as GitHub writes them."""

from __future__ import annotations

from muniment.sandbox.answers import Answer, document


def error(status: int, message: str) -> Answer:
    """An error as GitHub writes it."""
    link = "https://docs.github.com/rest"
    return document(
        {"message": message, "documentation_url": link, "status": str(status)}, status
    )  # fmt: skip


def not_found() -> Answer:
    """GitHub's 404."""
    return error(404, "Not Found")
