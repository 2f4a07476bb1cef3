"""Seed 3: thirty days, judged as planted."""

from __future__ import annotations

from ground_truth import GroundTruth


class TestSeed3(GroundTruth):
    seed = 3
