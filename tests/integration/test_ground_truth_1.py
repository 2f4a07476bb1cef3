"""Seed 1: thirty days, judged as planted."""

from __future__ import annotations

from ground_truth import GroundTruth


class TestSeed1(GroundTruth):
    seed = 1
