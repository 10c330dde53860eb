"""A year decided month by month, with no more than what could be known or expected at the time."""

from __future__ import annotations

from energyflows.foresight.expecting import Course, expect_months, expect_tables, read_course
from energyflows.foresight.rolling import run_rolling

__all__ = ["Course", "expect_months", "expect_tables", "read_course", "run_rolling"]
