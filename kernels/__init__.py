"""Numba kernels: numbers in, numbers out. No I/O, no units, no Python objects, nothing raised."""
