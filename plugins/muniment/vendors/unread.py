"""Answers that say "not there" or "not for you": kept as evidence, never read as a list."""

from __future__ import annotations

from muniment.sources.spec import Shape

#: the body of a refusal that does not end the collection; its request line holds the status
UNREAD = Shape("unread", "document", "unread")
