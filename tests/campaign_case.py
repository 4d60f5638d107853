"""A small random case for campaigns, with all that a results file can hold, and how its data are compared."""

from __future__ import annotations

import hashlib

import h5py
import numpy as np

from leakflow.solver.case import Case, load_case

CRACKED = """
title = "A tank with random cracks"
[volumes.tank]
kind = "integrated"
volume = { dist = "normal", mean = 2, sd = 1 }  # some are below zero: impossible
pressure = "1 bar"
[volumes.vacuum]
kind = "boundary"
pressure = 0
[paths.hole]
kind = "orifice"
from = "tank"
to = "vacuum"
diameter = { dist = "loguniform", low = "0.1 mm", high = "1 mm" }
[paths.cracks]
kind = "cracks"
from = "tank"
to = "vacuum"
count = { dist = "choice", values = [1, 2, 4], name = "cracks" }
opening = { dist = "loguniform", low = "1 um", high = "20 um" }
length = "5 mm"
depth = "2 mm"
[run]
duration = "2 h"
output_times = { every = "20 min" }
[outcomes]
series = true
crack_geometry = true
"""


def cracked_case(folder, **overrides) -> Case:
    path = folder / "cracked.toml"
    path.write_text(CRACKED, encoding="utf-8")
    return load_case(path, {key.replace("__", "."): value for key, value in overrides.items()})


def digest_by_hand(path) -> str:
    """sha256 of all data of a results file, read in the plainest way: what `file_digest` is held to."""
    digest = hashlib.sha256()
    with h5py.File(path) as file:
        names = ["sample", "time", "status"] + [name for name in file if "role" in file[name].attrs]
        for name in names:
            if name in file:
                data = np.asarray(file[name][()])
                digest.update(f"{name} {data.dtype.str} {data.shape}\n".encode())
                digest.update(data.tobytes())
    return digest.hexdigest()


def die_of_part_2(directory, part):
    """Make a part as a worker does; the process dies of the third."""
    import os

    from leakflow.solver.campaign import compute_part

    if part == 2:
        os._exit(9)
    return compute_part(directory, part)
