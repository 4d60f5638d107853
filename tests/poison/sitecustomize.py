"""Loaded by every Python that starts with this folder on its path: samples that kill whatever runs them.

``LEAKFLOW_TEST_POISON`` lists them. The package itself knows nothing of this.
"""

import os
import sys

MODULE = "leakflow.solver.engine"


def poison(engine):
    deadly = [int(sample) for sample in os.environ["LEAKFLOW_TEST_POISON"].split(",")]
    healthy = engine.run_block

    def run_block(plan, seed, first, count, **options):
        if any(first <= sample < first + count for sample in deadly):
            os._exit(9)
        return healthy(plan, seed, first, count, **options)

    engine.run_block = run_block


def spoilt(load):
    def exec_module(module):
        load(module)
        poison(module)

    return exec_module


class Finder:
    """Finds one module as everyone does, and spoils it once it is loaded."""

    @staticmethod
    def find_spec(name, path, target=None):
        if name != MODULE:
            return None
        for finder in sys.meta_path:
            spec = None if finder is Finder else finder.find_spec(name, path, target)
            if spec is not None:
                spec.loader.exec_module = spoilt(spec.loader.exec_module)
                return spec
        return None


if os.environ.get("LEAKFLOW_TEST_POISON"):
    sys.meta_path.insert(0, Finder)
