"""How far the numbers can be trusted: tables, closed forms and events of the record, run again on demand.

from leakflow.solver.validation import validate, write_report
write_report(validate(quick=True), "validation.md")
"""

from __future__ import annotations

from .command import Validation, validate, write_report

__all__ = ["Validation", "validate", "write_report"]
