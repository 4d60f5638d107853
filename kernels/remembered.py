"""What Numba works out again and again while a kernel compiles is worked out once.

Each stand-in gives what the function of Numba gives in whose place it stands, and stands there only while
a kernel compiles, which holds Numba's lock. A version of Numba without that function goes without.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from llvmlite.binding import ffi
from numba.core import base, ir, postproc, transforms, types

_Function = Callable[..., Any]

_under_way = False


@contextmanager
def one_compilation() -> Iterator[None]:
    """Put the stand-ins in place, and leave the collector of cyclic garbage off, for there is none."""
    global _under_way
    if _under_way:  # one within another
        yield
        return
    was_on = gc.isenabled()
    gc.disable()
    _under_way = True
    try:
        with ExitStack() as stack:
            for owner, name, stand_in in _STAND_INS:
                stack.enter_context(_in_place(owner, name, stand_in))
            yield
    finally:
        _under_way = False
        if was_on:
            gc.enable()


def with_room(function: _Function, *arguments: Any) -> Any:
    """Call a function with room for the frames of all that it calls.

    CPython keeps frames in pieces of 16 KiB and gives a piece back as soon as its first frame returns: where
    the depth of calls goes to and fro across the end of one, each call asks the system for memory, and did so
    760,000 times in a compilation. A frame of this size gets a piece of its own, of the next power of two.
    """
    return function(*arguments)


#: Of the stack of that one frame; it takes 4.6 MiB of 8 MiB, of which no more is touched than is used.
with_room.__code__ = with_room.__code__.replace(co_stacksize=600_000)


@contextmanager
def _in_place(owner: Any, name: str, stand_in: Callable[[Any], Any]) -> Iterator[None]:
    """Give an attribute another value for a while, also where it is inherited; a missing one stays so."""
    if not hasattr(owner, name):
        yield
        return
    original, is_own = getattr(owner, name), name in getattr(owner, "__dict__", (name,))
    setattr(owner, name, stand_in(original))
    try:
        yield
    finally:
        if is_own:
            setattr(owner, name, original)
        else:
            delattr(owner, name)


def _call_types(search: _Function) -> _Function:
    """Which types a function takes and gives: twenty thousand questions, of a few hundred kinds."""
    found: dict[Any, Any] = {}

    def get_call_type(self: Any, context: Any, args: Any, kws: Any) -> Any:
        if kws:
            return search(self, context, args, kws)
        key = self, context, tuple(args)
        signature = found.get(key)
        if signature is None:
            signature = found[key] = search(self, context, args, kws)
        return signature

    return get_call_type


def _remembered(search: _Function) -> _Function:
    """The answer to a question is the same each time: of a function or a type, say its size."""
    found: dict[Any, Any] = {}

    def answer(*question: Any) -> Any:
        if question not in found:
            found[question] = search(*question)
        return found[question]

    return answer


def _variables(search: _Function) -> _Function:
    """The variables of an instruction: to look at the class of each part is quicker than to try them all."""
    kinds: dict[type, int] = {}

    def list_variables(self: Any, value: Any) -> list[Any]:
        if type(value) is not dict:
            return search(self, value)  # type: ignore[no-any-return]
        found: list[Any] = []
        for part in value.values():
            kind = kinds.get(type(part))
            if kind is None:
                kind = kinds[type(part)] = _kind(part)
            if kind == _VARIABLE:
                found.append(part)
            elif kind == _INSTRUCTION:
                found.extend(part.list_vars())
            elif kind == _MANY:
                found.extend(search(self, part))
        return found

    return list_variables


_VARIABLE, _INSTRUCTION, _MANY, _NEITHER = range(4)


def _kind(part: Any) -> int:
    if isinstance(part, ir.Var):
        return _VARIABLE
    if isinstance(part, ir.Inst):
        return _INSTRUCTION
    return _MANY if isinstance(part, list | tuple | dict) else _NEITHER


def _processed(run: _Function) -> _Function:
    """After each pass: which variables live at the start of a block is asked of generators only."""

    def process(self: Any, emit_dels: bool = False, extend_lifetimes: bool = False) -> None:
        if emit_dels or self.func_ir.is_generator:
            run(self, emit_dels, extend_lifetimes)
            return
        self.func_ir.blocks = transforms.canonicalize_cfg(self.func_ir.blocks)
        self.func_ir.variable_lifetime = postproc.VariableLifetime(self.func_ir.blocks)
        self.func_ir.generator_info = None

    return process


#: The owner, the attribute, and what makes a stand-in of it.
_STAND_INS: list[tuple[Any, str, _Function]] = [
    (types.Function, "get_call_type", _call_types),
    (ir.Inst, "_rec_list_vars", _variables),
    (postproc.PostProcessor, "run", _processed),
    (base, "_has_loc", _remembered),
    (base.BaseContext, "get_abi_sizeof", _remembered),
    # nobody listens to when the lock of LLVM is taken, a hundred thousand times
    (getattr(ffi.lib, "_lock", None), "_cblist", lambda callbacks: []),
]
