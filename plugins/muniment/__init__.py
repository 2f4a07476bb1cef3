"""Muniment: an evidence warehouse for compliance that auditors can check."""

__version__ = "0.1.0"
