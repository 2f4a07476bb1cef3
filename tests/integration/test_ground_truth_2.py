"""Seed 2: thirty days, judged as planted."""

from __future__ import annotations

from ground_truth import GroundTruth


class TestSeed2(GroundTruth):
    seed = 2
