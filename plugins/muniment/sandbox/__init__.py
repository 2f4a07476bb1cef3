"""A simulated company, to try everything on: real HTTP on loopback, real files, known deviations.

Everything follows from two things alone: a seed and a simulated clock. An answer at clock T shows
what had been stored by T, and nothing else.
"""
