"""leakflow beside other integrators, on the same samples and the same right-hand side.

``python -m benchmarks.peers --out peers.json`` measures what is installed (extra ``peers``), prints the
table, and saves it with the figure of error against cost. ``docs/performance.md`` says how it is done.
"""
