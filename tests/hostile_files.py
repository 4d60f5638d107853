"""Results files that are wrong, broken, or built to do harm.

``python tests/hostile_files.py FOLDER`` writes them all, to try on another reader. Each maker changes a good
file; beside it stands what `open_results` says of it, as a pattern, or None where the file is still read.
"""

from __future__ import annotations

import json
import os
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
from h5py import h5d, h5p, h5s, h5t
from results_example import TIMES, N, example_results

from leakflow.solver.results import write_results

Maker = Callable[[Path], None]
Change = Callable[[h5py.File], object]

ESCAPE = "\x1b]0;owned\x07\x1b[31mred\x1b[2J\x9b31m\u202edne\r\n\x00end"
PLAIN_ESCAPE = ESCAPE.replace("\x00", "")
MIB = 2**20


def inside(change: Change, **options: object) -> Maker:
    """A maker that opens the file with h5py and changes what is inside."""

    def make(path: Path) -> None:
        with h5py.File(path, "a", **options) as file:
            change(file)

    return make


def raw(change: Callable[[bytes], bytes]) -> Maker:
    """A maker that changes bytes."""
    return lambda path: path.write_bytes(change(path.read_bytes())) and None


def replaced(name: str, data: object, **options: object) -> Maker:
    def change(file: h5py.File) -> None:
        attributes = {
            key: file[name].attrs[key] for key in ("units", "long_name", "role") if key in file[name].attrs
        }
        del file[name]
        file.create_dataset(name, data=data, **options).attrs.update(attributes)

    return inside(change)


def written(name: str, data: object) -> Maker:
    """Other values in the same dataset."""
    return inside(lambda file: file[name].write_direct(np.ascontiguousarray(data, file[name].dtype)))


def attribute(name: str, value: object, item: str = "/") -> Maker:
    if isinstance(value, str) and "\x00" in value:
        encoded = value.encode()
        value = np.array(encoded, dtype=h5py.string_dtype("utf-8", len(encoded)))
    return inside(lambda file: file[item].attrs.create(name, value))


def text(name: str, content: bytes) -> Maker:
    """Another text in the provenance."""

    def change(file: h5py.File) -> None:
        if name in file["provenance"]:
            del file["provenance"][name]
        file["provenance"].create_dataset(name, data=np.frombuffer(content, "S1"))

    return inside(change)


def typed(file_type: h5t.TypeID) -> Maker:
    """An output of a type that NumPy may not know, never written."""

    def change(file: h5py.File) -> None:
        del file["mass_lost"]
        space = h5s.create_simple((N,))
        storage = h5p.create(h5p.DATASET_CREATE)
        storage.set_alloc_time(h5d.ALLOC_TIME_EARLY)
        h5d.create(file.id, b"mass_lost", file_type, space, storage)
        file["mass_lost"].attrs["role"] = np.bytes_("output")

    return inside(change)


def _external_link(path: Path) -> None:
    with h5py.File(path.with_name("other.h5"), "w") as other:
        other["mass_lost"] = np.full(N, 42.0)
    inside(lambda file: file.__setitem__("link", h5py.ExternalLink("other.h5", "mass_lost")))(path)


def _external_storage(file: h5py.File) -> None:
    del file["mass_lost"]
    data = file.create_dataset("mass_lost", (N,), "f8", external=[("/etc/hostname", 0, 8 * N)])
    data.attrs["role"] = np.bytes_("output")


def _virtual(file: h5py.File) -> None:
    del file["mass_lost"]
    layout = h5py.VirtualLayout((N,), "f8")
    layout[:] = h5py.VirtualSource("other.h5", "mass_lost", (N,))
    file.create_virtual_dataset("mass_lost", layout).attrs["role"] = np.bytes_("output")


def _self_virtual(file: h5py.File) -> None:
    """A virtual dataset that is its own source."""
    layout = h5py.VirtualLayout((N,), "f8")
    layout[:] = h5py.VirtualSource(".", "itself", (N,))
    file.create_virtual_dataset("itself", layout).attrs["role"] = np.bytes_("output")


def _vlen(file: h5py.File) -> None:
    del file["mass_lost"]
    data = file.create_dataset("mass_lost", (N,), dtype=h5py.vlen_dtype("f8"))
    data.attrs["role"] = np.bytes_("output")
    data[0] = np.zeros(5)


def _name_without_letters(file: h5py.File) -> None:
    file.id.links.create_hard(b"mass\xfflost", file.id, b"mass_lost")


def _committed(file: h5py.File) -> None:
    file["kind"] = np.dtype("<f8")
    values = file["mass_lost"][:]
    del file["mass_lost"]
    data = file.create_dataset("mass_lost", data=values, dtype=file["kind"])
    data.attrs.update({"role": np.bytes_("output"), "units": np.bytes_("kg"), "long_name": np.bytes_("m")})


def _bomb(file: h5py.File) -> None:
    """2 GiB of zeros in 2 MiB, of the shape that a series has."""
    rows = 16 * MIB // 4 // TIMES.size
    data = file.create_dataset(
        "zeros", (128 * rows, TIMES.size), "f4", chunks=(rows, TIMES.size), compression="gzip"
    )
    data.attrs["role"] = np.bytes_("output")
    packed = zlib.compress(bytes(4 * rows * TIMES.size), 9)
    for i in range(128):
        data.id.write_direct_chunk((i * rows, 0), packed)


def _chunk_bomb(file: h5py.File) -> None:
    """A chunk that unpacks to far more than a chunk's bytes."""
    data = file.create_dataset("zeros", (N, TIMES.size), "f4", chunks=(N, TIMES.size), compression="gzip")
    data.attrs["role"] = np.bytes_("output")
    data.id.write_direct_chunk((0, 0), zlib.compress(bytes(256 * MIB), 9))


def _amplified(file: h5py.File) -> None:
    """One dataset under many names."""
    data = file.create_dataset("same", data=np.zeros((N, TIMES.size), "f4"))
    data.attrs["role"] = np.bytes_("output")
    for i in range(12_000):
        file[f"same_{i}"] = data


def _many_attributes(file: h5py.File) -> None:
    for i in range(1500):
        file["mass_lost"].attrs[f"a{i}"] = i


def _group_of_itself(file: h5py.File) -> None:
    file["loop"] = file["/"]
    group = file.create_group("a/b/c")
    group["back"] = file["/a"]


def _provenance_is_the_root(file: h5py.File) -> None:
    del file["provenance"]
    file["provenance"] = file["/"]


def _counts_that_wrap(file: h5py.File) -> None:
    """Counts whose sum is right in 64 bits, though each is absurd."""
    total = int(file["wall-1_count"][:].sum())
    counts = np.zeros(N, np.int64)
    counts[:4] = 2**62
    counts[4] = total
    replaced_in(file, "wall-1_count", counts)


def replaced_in(file: h5py.File, name: str, data: object) -> None:
    attributes = {
        key: value for key, value in file[name].attrs.items() if key in ("units", "role", "sample_dimension")
    }
    del file[name]
    file.create_dataset(name, data=data).attrs.update(attributes)


def _relabelled(version: str) -> Maker:
    """The same data as another version of the format lays it out: other superblock, other headers."""

    def make(path: Path) -> None:
        kept = path.with_name("kept.h5")
        os.replace(path, kept)
        with h5py.File(kept) as source, h5py.File(path, "w", libver=version) as copy:
            copy.attrs.update(source.attrs)
            for name in source:
                source.copy(name, copy)
        kept.unlink()

    return make


def _user_block(path: Path) -> None:
    with h5py.File(path, "w", userblock_size=512) as file:
        file["sample"] = np.arange(3)
    with path.open("r+b") as raw_file:
        raw_file.write(b"#!/bin/sh\n")


def deep(depth: int) -> bytes:
    return b'{"record": {"points": ' + b"[" * depth + b"]" * depth + b"}}"


_NO_TIME = np.where(np.arange(TIMES.size) == 3, np.nan, TIMES)
_DECLARED = "that the file does not hold"

FILES: dict[str, tuple[Maker, str | None]] = {
    # reaching out of the file
    "soft-link": (inside(lambda file: file.__setitem__("x", h5py.SoftLink("/mass_lost"))), "'x' is a link"),
    "soft-link-to-nothing": (inside(lambda file: file.__setitem__("x", h5py.SoftLink("/y"))), "is a link"),
    "soft-link-to-itself": (inside(lambda file: file.__setitem__("x", h5py.SoftLink("/x"))), "'x' is a link"),
    "external-link": (_external_link, "'link' is a link to somewhere else"),
    "external-storage": (inside(_external_storage), "mass_lost keeps its data in another file: refused"),
    "virtual": (inside(_virtual), "mass_lost is a virtual dataset"),
    "virtual-of-itself": (inside(_self_virtual), "itself is a virtual dataset"),
    "filter-lzf": (replaced("mass_lost", np.zeros(N), compression="lzf"), "stored with filter 32000"),
    "filter-scaleoffset": (replaced("mass_lost", np.zeros(N), scaleoffset=3), "stored with filter 6"),
    # types
    "references": (replaced("mass_lost", [h5py.Reference()] * N, dtype=h5py.ref_dtype), "data type object"),
    "reference-attribute": (inside(lambda file: file.attrs.create("x", file["time"].ref)), None),
    "compound": (replaced("mass_lost", np.zeros(N, "f8,i4")), "data type"),
    "vlen": (inside(_vlen), "data type object"),
    "vlen-texts": (replaced("mass_lost", ["text"] * N), "data type object"),
    "texts": (replaced("mass_lost", [b"text"] * N), "data type"),
    "bool": (replaced("mass_lost", np.zeros(N, bool)), "data type bool"),
    "float16": (replaced("mass_lost", np.zeros(N, np.float16)), "data type float16"),
    "longdouble": (replaced("mass_lost", np.zeros(N, np.longdouble)), "data type float128"),
    "complex": (replaced("mass_lost", np.zeros(N, complex)), "data type complex128"),
    "uint64": (replaced("sample", np.arange(N, dtype=np.uint64)), "data type uint64"),
    "opaque": (replaced("mass_lost", np.zeros(N, "V8")), "data type"),
    "array-type": (typed(h5t.array_create(h5t.NATIVE_DOUBLE, (3,))), "dimensions|data type|shape|declares"),
    "bitfield": (typed(h5t.STD_B64LE), "data type uint64"),
    "time-type": (typed(h5t.UNIX_D64LE), "cannot be read"),
    "big-endian": (inside(lambda file: replaced_in(file, "steps", file["steps"][:].astype(">i8"))), None),
    "committed-type": (inside(_committed), None),
    # shapes and sizes
    "no-space": (replaced("mass_lost", h5py.Empty("f8")), "cannot be read"),
    "scalar": (replaced("mass_lost", 1.0), "0 dimensions, not one or two"),
    "three-dimensions": (replaced("mass_lost", np.zeros((N, 2, 2))), "3 dimensions, not one or two"),
    "no-samples": (replaced("sample", np.zeros(0, np.int64)), "cannot be read"),
    "one-too-few": (replaced("mass_lost", np.zeros(N - 1)), r"shape \(39,\), not of shape \(40,\)"),
    "wide": (replaced("pressure_tunnel", np.zeros((N, 8), "f4")), r"shape \(40, 8\), not of shape \(40, 7\)"),
    "wrong-type": (replaced("status", np.zeros(N, np.int64)), "status: int64"),
    "huge": (inside(lambda file: file.create_dataset("x", (2**50,), "f8").attrs.create("role", b"output")),
             _DECLARED),
    "huge-chunks": (inside(lambda file: file.create_dataset(
        "x", (2**62,), "i1", chunks=(2**31,)).attrs.create("role", b"output")), "has chunks of 2147483648"),
    "many-chunks": (inside(lambda file: file.create_dataset(
        "x", (2**62,), "i1", chunks=(1,)).attrs.create("role", b"output")), _DECLARED),
    "bomb": (inside(_bomb), "bytes of data in a file of"),
    "chunk-bomb": (inside(_chunk_bomb), "zeros has a chunk of 26.... bytes, more than it unpacks to"),
    "amplified": (inside(_amplified), "members; at most 10000 are read"),
    "many-attributes": (inside(_many_attributes, libver="latest"), "has 15.. attributes; at most 1000"),
    "long-attribute": (attribute("x", np.bytes_(b"x" * (MIB + 1))), "longer than 1048576 bytes"),
    "long-vlen-attribute": (attribute("x", "x" * (MIB + 1)), "longer than 1048576 bytes"),
    "long-text": (text("case", b" " * (16 * MIB + 1)), "provenance/case is longer than 16777216 bytes"),
    # groups
    "loops": (inside(_group_of_itself), None),
    "provenance-is-root": (inside(_provenance_is_the_root), None),
    # axes
    "time-nan": (written("time", _NO_TIME), "time is not finite"),
    "time-infinite": (written("time", np.append(TIMES[:-1], np.inf)), "time is not finite"),
    "time-falls": (written("time", TIMES[::-1]), "does not rise"),
    "sample-twice": (written("sample", np.r_[np.arange(N - 1), N - 2]), "an index is there twice"),
    "sample-negative": (written("sample", np.arange(N) - 1), "does not rise from 0 or more"),
    "sample-falls": (written("sample", np.arange(N)[::-1]), "out of order"),
    "status-negative": (written("status", np.full(N, -1)), "status is negative"),
    "status-unknown": (written("status", np.full(N, 99)), None),
    # cracks
    "counts-too-many": (written("wall-1_count", np.full(N, 2**31 - 1)), "wall-1_opening"),
    "counts-negative": (written("wall-1_count", np.full(N, -1)), "zero or more"),
    "counts-wrap": (inside(_counts_that_wrap), "wall-1_count: counts that do not add up"),
    # versions
    "newer": (attribute("schema_version", np.bytes_("2")), "written by a newer leakflow"),
    "version-number": (attribute("schema_version", 7), "written by a newer leakflow"),
    "version-text": (attribute("schema_version", np.bytes_("1e0")), "is no version"),
    "superblock-0": (_relabelled("earliest"), None),
    "superblock-3": (_relabelled("latest"), None),
    "user-block": (_user_block, "not an HDF5 file"),
    # texts
    "title-escapes": (attribute("title", ESCAPE), None),
    "units-escapes": (attribute("units", ESCAPE, "mass_lost"), None),
    "long-name-escapes": (attribute("long_name", ESCAPE, "mass_lost"), None),
    "role-escapes": (attribute("role", ESCAPE, "mass_lost"), "role"),
    "attribute-escapes": (attribute("a" + PLAIN_ESCAPE, np.bytes_(b"x" * (MIB + 1))), "longer than"),
    "name-escapes": (inside(lambda file: file.create_dataset(
        PLAIN_ESCAPE, data=np.zeros(N)).attrs.create("role", b"output")), "is no name for a variable"),
    "version-escapes": (attribute("schema_version", ESCAPE), "is no version"),
    "not-utf-8": (attribute("title", np.bytes_(b"\xff\xfe")), "cannot be read"),
    "name-not-utf-8": (inside(_name_without_letters), "no text in UTF-8"),
    "provenance-not-utf-8": (text("case", b"\xff\xfe"), "cannot be read"),
    "provenance-nul": (text("case", b"{\x00}"), None),
    "provenance-deep": (text("case", deep(10**6)), None),
    "provenance-list": (text("case", b"[1, 2, 3]"), None),
    "provenance-numbers": (text("case", b'{"record": {"points": [{"volume": "a", "time": 1'
                                + b"0" * 4000 + b', "pressure": 1, "uncertainty": "x"}]}}'), None),
    "provenance-wide": (text("case", json.dumps({f"k{i}": [i] for i in range(10**5)}).encode()), None),
    "provenance-escapes": (text("case", json.dumps({"title": ESCAPE, ESCAPE: 1}).encode()), None),
    **{
        f"cut-{i}": (raw(lambda content, i=i: content[: i * len(content) // 16]),
                     "not an HDF5 file" if i == 0 else "cannot be read: it is cut short")
        for i in range(16)
    },
}  # fmt: skip


def make(name: str, folder: Path) -> Path:
    """Write one of the files, and return where it is."""
    path = write_results(folder / f"{name}.nc", example_results())
    FILES[name][0](path)
    return path


if __name__ == "__main__":
    for each in FILES:
        make(each, Path(sys.argv[1]))
