"""Status of one sample: the integers kernels return, and what each means to a person."""

OK = 0
STEP_LIMIT = 1
NOT_FINITE = 2
IMPOSSIBLE = 3
OUT_OF_RANGE = 4
STEP_TOO_SMALL = 5
GAS_EXHAUSTED = 6
WORKER_LOST = 7

MEANINGS = {
    OK: "ok",
    STEP_LIMIT: "step_limit",
    NOT_FINITE: "not_finite",
    IMPOSSIBLE: "impossible_geometry",
    OUT_OF_RANGE: "out_of_range",
    STEP_TOO_SMALL: "step_too_small",
    GAS_EXHAUSTED: "gas_exhausted",
    WORKER_LOST: "worker_lost",
}

ADVICE = {
    OK: "the sample reached the end of the run",
    STEP_LIMIT: "more steps than run.max_steps were needed: raise it, or loosen run.rtol",
    NOT_FINITE: "a pressure or a flow became infinite or not a number: look at the sample's inputs",
    IMPOSSIBLE: (
        "a size, opening, time or pressure cannot be, a crack runs away, or a hatch joins two given pressures"
    ),
    OUT_OF_RANGE: "an input lies outside what the flow laws hold for",
    STEP_TOO_SMALL: "the step fell below the resolution of time: the case is stiffer than the arithmetic",
    GAS_EXHAUSTED: "more of a gas was taken out of a volume than there was: look at feeds",
    WORKER_LOST: "every process that ran the sample died of it: run it alone, with leakflow run --sample",
}
