"""Designs: where the samples of a sweep lie among its inputs.

Every design gives its rows by index, so that no sweep needs its whole matrix, and any range of samples can be
run anywhere; `base.Design` says what one has to offer. One file holds one design. `build.design_of` makes
that of a case, and `placing` hands its rows to the kernels.
"""

from .base import Design, Rows, UnitDesign
from .rebuild import read_design

__all__ = ["Design", "Rows", "UnitDesign", "read_design"]
