"""Names of the places in the numbers that `rosenbrock.Work` keeps of a sample on its way."""

#: In ``Work.method``: which method takes the step, explicit steps in a row that looked stiff, and explicit
#: steps since the slopes were looked at; the kind of range and its row; 1 if the rates at the end of an
#: explicit step came with it.
METHOD, LOOKED_STIFF, SINCE_LOOK, RANGE_KIND, RANGE, HAS_END_RATES = range(6)

#: Methods: `explicit`, `rosenbrock`, and the integrals of `quadrature`.
EXPLICIT, IMPLICIT, CURVE = range(3)

#: In ``Work.pace``: where the run has come to and its next step [s]; the end of the span and the longest step
#: [s], the implicit step before [s] with its error, and the bound on the largest eigenvalue that was found
#: last [1/s].
TIME, STEP, STOP, LONGEST, BEFORE, ERROR_BEFORE, FASTEST = range(7)

#: In ``Work.marks``: the next event, whether there are hatches and cracks that move, whether the step tried
#: ends the span, whether the one before was rejected, a number that changes where that changes which flows
#: follow from besides the state, which flows are choked at the start of an implicit step, and whether
#: pressures meet so that `flows.set_limits` limits errors.
EVENT, REGROUPS, MOVES, LAST, REJECTED, SPAN, CHOKED, MEETS = range(8)
