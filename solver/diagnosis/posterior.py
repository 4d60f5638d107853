"""The posterior of each hypothesis of a case, as a forecast takes it: from an answer, or from its file."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._case_resolved import resolved_text
from ..case import Case
from ..errors import ResultsError
from ..plan import compile_case
from .dependent import uncorrelated
from .diagnose import Answer
from .forward import last_time
from .gauges import error_inputs
from .hypotheses import Rival

if TYPE_CHECKING:
    import h5py

__all__ = ["Posterior", "posteriors_of", "read_posteriors"]

Floats = NDArray[np.float64]
_MOST_DRAWS = 100_000


class Posterior(NamedTuple):
    """What is known of one hypothesis.

    Attributes
    ----------
    name, title : str
    probability : float
        Posterior, among the hypotheses at hand.
    case : Case
        With the changes of the hypothesis.
    size : int
        Draws, n.
    draws : dict of str to float64 (n,)
        Of each input of the case, in SI, of equal weight.
    reasons : tuple of str
        Why its sampling has not converged, or its likelihood is off; empty if neither is so.
    """

    name: str
    title: str
    probability: float
    case: Case
    size: int
    draws: dict[str, Floats]
    reasons: tuple[str, ...]


def posteriors_of(answer: Answer) -> list[Posterior]:
    """Return the posteriors of an answer, in its order."""
    return [
        Posterior(
            one.rival.name, one.rival.title, float(probability), one.rival.case,
            len(one.log_likelihood),
            _without_errors(one.rival.case, one.inputs),
            (*one.sampled.reasons, *one.sampled.doubts),
        )
        for one, probability in zip(answer.explanations, answer.probabilities(), strict=True)
    ]  # fmt: skip


def _without_errors(case: Case, inputs: dict[str, Floats]) -> dict[str, Floats]:
    errors = [one.name for one in error_inputs(case)]
    return {name: draws for name, draws in inputs.items() if name not in errors}


def read_posteriors(path: Path, rivals: Sequence[Rival], seed: int) -> list[Posterior]:
    """Read the posteriors of a case's hypotheses from a file that a diagnosis of it wrote.

    Parameters
    ----------
    path : Path
    rivals : sequence of Rival
        The hypotheses that are wanted; their priors count, not those of the file.
    seed : int
        Of the diagnosis.

    Raises
    ------
    ResultsError
        The file is of another case, another record or another seed, lacks an input, is not what a diagnosis
        writes, or cannot be read; or the evidence of all hypotheses is zero, for such are left out; one line.
    """
    import h5py

    from .._hdf5_check import check_signature

    try:
        check_signature(path)
        with h5py.File(path, "r") as file:
            zero = _without(path, file)
            found = [_Found(path, file, rival, seed) for rival in rivals if rival.name not in zero]
    except FileNotFoundError:
        raise ResultsError(f"{path}: no such file") from None
    except (OSError, KeyError, ValueError, TypeError, RuntimeError, AttributeError, IndexError) as error:
        reason = getattr(error, "strerror", None) or "not what a diagnosis writes, or broken"
        raise ResultsError(f"{path}: cannot be read: {reason}") from None
    if not found:
        raise ResultsError(f"{path}: has no evidence of {', '.join(rival.name for rival in rivals)}")
    logs = np.array([one.log_evidence + math.log(one.rival.prior) for one in found])
    weights = np.exp(logs - logs.max())
    probable = weights / weights.sum()
    return [
        Posterior(one.rival.name, one.rival.title, float(p), one.rival.case, one.size, one.draws, one.reasons)
        for one, p in zip(found, probable, strict=True)
    ]


def _without(path: Path, file: h5py.File) -> list[str]:
    """Return the hypotheses of which the diagnosis said that their evidence is zero."""
    kept = _group(path, file, "evidence").attrs.get("without_evidence")
    if kept is None:
        return []
    told = json.loads(kept.decode() if isinstance(kept, bytes) else str(kept))
    return [name for name, why in told.items() if why["zero"]]


class _Found:
    """What a file says of one hypothesis, once it is known to be of this case."""

    def __init__(self, path: Path, file: h5py.File, rival: Rival, seed: int) -> None:
        from .._hdf5_check import members

        self.rival = rival
        names = _texts(_dataset(path, _group(path, file, "evidence"), "hypothesis"))
        if rival.name not in members(path, file) or rival.name not in names:
            raise ResultsError(f"{path}: has no hypothesis {rival.name}; there is {', '.join(names)}")
        group = _group(path, _group(path, file, rival.name), "posterior")
        _refuse_another(path, rival.case, str(_attribute(group, "case_resolved")))
        kept = json.loads(str(_attribute(group, "seed")))
        if kept != seed:
            raise ResultsError(
                f"{path}: is of seed {kept}, not {seed}; diagnose again, or give --seed {kept}"
            )
        row = names.index(rival.name)
        self.log_evidence = float(_numbers(path, file["evidence"], "log_evidence")[row])
        converged = bool(_numbers(path, file["evidence"], "converged")[row])
        self.reasons = () if converged else (f"not converged when {path.name} was written",)
        self.size = _dataset(path, group, "draw").size
        self.draws = {
            name: _draws(path, group, rival.name, name, self.size) for name in _inferred(rival.case)
        }
        if not np.isfinite(self.log_evidence) or not all(np.isfinite(d).all() for d in self.draws.values()):
            raise ResultsError(f"{path}: {rival.name} has draws or an evidence that are not finite")


def _inferred(case: Case) -> list[str]:
    """Return the inputs of a case that its diagnosis infers: all but those of events after the record."""
    last = last_time(case)
    schedule = [event for event in case.schedule if getattr(event.at, "value", 0.0) <= last]
    known = compile_case(uncorrelated(case.model_copy(update={"schedule": schedule})), nominal=False)
    return [column.name for column in known.inputs]


def _draws(path: Path, group: h5py.Group, hypothesis: str, name: str, size: int) -> Floats:
    """Return the draws of an input, float64 (size,); what is missing is not drawn anew."""
    from .._hdf5_check import members

    if name not in members(path, group):
        raise ResultsError(f"{path}: has no draws of input {name} of hypothesis {hypothesis}")
    found = _numbers(path, group, name)
    if found.shape != (1, size):
        raise ResultsError(
            f"{path}: input {name} of hypothesis {hypothesis} has shape {found.shape}; must be {(1, size)}"
        )
    return found.ravel()


def _refuse_another(path: Path, case: Case, kept: str) -> None:
    """Refuse a posterior of anything but this case and this record."""
    if kept == resolved_text(case):
        return
    theirs, ours = json.loads(kept), case.to_dict()
    differing = sorted(key for key in theirs.keys() | ours.keys() if theirs.get(key) != ours.get(key))
    if differing == ["record"]:
        raise ResultsError(f"{path}: is of another record than that of {case.source}")
    what = ", ".join(differing) or "order of its tables"
    raise ResultsError(f"{path}: is of another case than {case.source}: it differs in {what}")


def _group(path: Path, parent: h5py.Group, name: str) -> h5py.Group:
    from h5py import h5o

    from .._hdf5_check import members

    if members(path, parent).get(name) != h5o.TYPE_GROUP:
        raise ResultsError(f"{path}: has no group {name}; it is not what a diagnosis writes")
    return parent[name]


def _dataset(path: Path, group: h5py.Group, name: str) -> h5py.Dataset:
    from .._hdf5_check import members, open_dataset

    if name not in members(path, group):
        raise ResultsError(f"{path}: {group.name} has no {name}; it is not what a diagnosis writes")
    dataset = open_dataset(path, group, name)
    if dataset.size > _MOST_DRAWS:
        raise ResultsError(f"{path}: {name} has {dataset.size} numbers; at most {_MOST_DRAWS} are read")
    return dataset


def _numbers(path: Path, group: h5py.Group, name: str) -> Floats:
    return np.asarray(_dataset(path, group, name)[()], np.float64)


def _texts(dataset: h5py.Dataset) -> list[str]:
    return [item.decode() if isinstance(item, bytes) else str(item) for item in dataset[()]]


def _attribute(group: h5py.Group, name: str) -> Any:
    value = group.attrs[name]
    return value.decode() if isinstance(value, bytes) else value
