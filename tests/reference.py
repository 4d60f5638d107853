"""The tables in ``cases/reference/``, as the package reads them; their headers name their sources."""

from __future__ import annotations

from leakflow.solver.validation.tables import percent_errors, rows, table

__all__ = ["percent_errors", "rows", "table"]
