"""What stands in for functions of Numba while a kernel compiles."""

from __future__ import annotations

import pytest
from numba.core import compiler, ir, types

from leakflow.kernels import remembered


def places():
    return [(owner, name) for owner, name, _ in remembered._STAND_INS if hasattr(owner, name)]


def values():
    return [getattr(owner, name) for owner, name in places()]


def inherited():
    return [name not in vars(owner) for owner, name in places()]


def test_each_stands_in_while_a_kernel_compiles_and_no_longer():
    before, were_inherited = values(), inherited()
    with remembered.one_compilation():
        during = values()
        with remembered.one_compilation():
            assert all(a is b for a, b in zip(values(), during, strict=True))
        assert all(a is b for a, b in zip(values(), during, strict=True))
    assert not any(a is b for a, b in zip(before, during, strict=True))
    assert all(a is b for a, b in zip(values(), before, strict=True))
    assert inherited() == were_inherited
    assert (types.Function, "get_call_type") in places()


def test_what_failed_leaves_nothing_behind():
    before = values()
    with pytest.raises(KeyError), remembered.one_compilation():
        raise KeyError
    assert all(a is b for a, b in zip(values(), before, strict=True))


def test_a_version_of_numba_without_an_attribute_goes_without():
    class Owner:
        pass

    with remembered._in_place(Owner, "gone", lambda original: 1):
        assert not hasattr(Owner, "gone")
    with remembered._in_place(None, "gone", lambda original: 1):
        pass


def several(a, *rest):
    b = {"x": a, "y": [a, rest]}
    for c in rest:
        a = a + c if c > a else max(a, c)
    return b, (a, rest), a[1:2]


def test_variables_of_instructions():
    blocks = compiler.run_frontend(several).blocks
    statements = [statement for block in blocks.values() for statement in block.body]
    expressions = [s.value for s in statements if isinstance(s, ir.Assign) and isinstance(s.value, ir.Expr)]

    def listed():
        return [[v.name for v in one.list_vars()] for one in statements + expressions]

    plain = listed()
    with remembered.one_compilation():
        assert listed() == plain
    assert sum(map(len, plain)) > 50


def test_there_is_room_for_frames_below_and_what_is_returned_comes_back():
    def depth(n):
        return 0 if n == 0 else 1 + depth(n - 1)

    assert remembered.with_room(depth, 300) == 300
    with pytest.raises(ZeroDivisionError):
        remembered.with_room(divmod, 1, 0)
