"""How a kernel becomes LLVM's language: array items and variables as values, not by way of memory.

Numba copies an array's description into memory for each item that is read or written, and each variable that
lives in more than one block has a place in memory, which is cleared where the variable is no longer used.
LLVM takes all that away again, but to write it, to parse it and to take it away was a third of the time to
compile. What is computed is the same: the same loads, stores and operations on numbers in the same order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llvmlite import ir as llvm  # type: ignore[import-untyped]
from numba.core import analysis, cgutils, imputils, ir, lowering, typed_passes, types
from numba.core.compiler_machinery import register_pass
from numba.np import arrayobj


@register_pass(mutates_CFG=True, analysis_only=False)
class KernelLowering(typed_passes.BaseNativeLowering):  # type: ignore[misc]
    """The pass of Numba that lowers a function, with `_Lower` in the place of its own class."""

    _name = "kernel_lowering"  # type: ignore[assignment]

    @property
    def lowering_class(self) -> Any:
        """Return the class that lowers a kernel."""
        return _Lower


@register_pass(mutates_CFG=False, analysis_only=True)
class KernelLegalization(typed_passes.IRLegalization):  # type: ignore[misc]
    """Mark where variables are no longer used, but only where references are counted."""

    _name = "kernel_legalization"

    def run_pass(self, state: Any) -> bool:
        """Insert deletions into the function, if it needs them."""
        return bool(state.flags.nrt and super().run_pass(state))


class _Lower(lowering.Lower):  # type: ignore[misc]
    """Numba's lowering but for items of arrays, ranges and variables assigned once."""

    def setup_function(self, description: Any) -> None:
        super().setup_function(description)
        extract = self.builder.extract_value
        self.builder.extract_value = lambda value, index, name="": _extracted(extract, value, index, name)
        self._from_one: dict[int, Any] = {}

    def _find_singly_assigned_variable(self) -> None:
        """Find the variables whose one assignment comes before all uses: they need no place in memory."""
        if self.context.enable_nrt:  # a variable is cleared when its reference has been given back
            super()._find_singly_assigned_variable()
            return
        self._singly_assigned_vars = _assigned_once(self.blocks)
        self._blk_local_varmap: dict[str, Any] = {}

    def lower_inst(self, inst: Any) -> Any:
        if isinstance(inst, ir.StaticSetItem) and type(self.typeof(inst.target.name)) is types.Array:
            return self.lower_setitem(inst.target, inst.index_var, inst.value, self.fndesc.calltypes[inst])
        return super().lower_inst(inst)

    def lower_expr(self, resty: Any, expr: Any) -> Any:
        own = getattr(self, f"_lower_{expr.op}", None)
        result = own(resty, expr) if own is not None else None
        return super().lower_expr(resty, expr) if result is None else result

    def lower_getitem(self, resty: Any, expr: Any, value: Any, index: Any, signature: Any) -> Any:
        array = self.typeof(value.name)
        if not self._is_plain(array, signature.args[1]):
            return super().lower_getitem(resty, expr, value, index, signature)
        item = signature.return_type
        given = self.loadvar(value.name)
        places = self._places(array, given, index, signature.args[1])
        pointer = self._pointer(array, given, places)
        if isinstance(item, types.Array):
            result = self._view(item, given, pointer, len(places))
        else:
            result = arrayobj.load_item(self.context, self.builder, array, pointer)
        result = imputils.impl_ret_borrowed(self.context, self.builder, item, result)
        return self.context.cast(self.builder, result, item, resty)

    def lower_setitem(self, target_var: Any, index_var: Any, value_var: Any, signature: Any) -> Any:
        array = self.typeof(target_var.name)
        kinds = signature.args[1]
        if not self._is_plain(array, kinds) or len(_kinds(kinds)) != array.ndim:
            return super().lower_setitem(target_var, index_var, value_var, signature)
        value = self.loadvar(value_var.name)
        value = self.context.cast(self.builder, value, self.typeof(value_var.name), signature.args[2])
        value = self.context.cast(self.builder, value, signature.args[2], array.dtype)
        given = self.loadvar(target_var.name)
        pointer = self._pointer(array, given, self._places(array, given, index_var, kinds))
        return arrayobj.store_item(self.context, self.builder, array, value, pointer)

    def _lower_static_getitem(self, resty: Any, expr: Any) -> Any:
        """An item of an array at a place that the code gives."""
        if type(self.typeof(expr.value.name)) is not types.Array or not isinstance(expr.index, int):
            return None
        return self.lower_getitem(resty, expr, expr.value, expr.index_var, self.fndesc.calltypes[expr])

    def _lower_getattr(self, resty: Any, expr: Any) -> Any:
        """The shape or size of an array."""
        array = self.typeof(expr.value.name)
        if type(array) is not types.Array or expr.attr not in {"shape", "size"}:
            return None
        field = "shape" if expr.attr == "shape" else "nitems"
        found = self._field(array, self.loadvar(expr.value.name), field)
        kind = self.context.typing_context.resolve_getattr(array, expr.attr)
        return self.context.cast(self.builder, found, kind, resty)

    def _lower_call_normal(self, fnty: Any, expr: Any, signature: Any) -> Any:
        """A range in steps of one is noted as such."""
        if getattr(fnty, "typing_key", None) is not range or not 1 <= len(signature.args) <= 2:
            return super()._lower_call_normal(fnty, expr, signature)
        arguments = self.fold_call_args(fnty, signature, expr.args, expr.vararg, expr.kws)
        state = self.context.get_value_type(signature.return_type)
        whole = state.elements[0]
        values = [*([whole(0)] if len(arguments) == 1 else []), *arguments, whole(1)]
        made = self._struct(state, values)
        self._from_one[id(made)] = made
        return made

    def _lower_getiter(self, resty: Any, expr: Any) -> Any:
        """Start to count through a range in steps of one, of which none may be left."""
        given = self.loadvar(expr.value.name)
        if id(given) not in self._from_one or not isinstance(resty, types.RangeIteratorType):
            return None
        start, stop, step = (self.builder.extract_value(given, i) for i in range(3))
        at = cgutils.alloca_once_value(self.builder, start)
        difference = self.builder.sub(stop, start)
        none = difference.type(0)
        some = self.builder.icmp_signed(">", difference, none)
        left = cgutils.alloca_once_value(self.builder, self.builder.select(some, difference, none))
        return self._struct(self.context.get_value_type(resty), [at, stop, step, left])

    def _lower_iternext(self, resty: Any, expr: Any) -> Any:
        """Count on; past the end nobody looks at the number."""
        if not isinstance(self.typeof(expr.value.name), types.RangeIteratorType):
            return None
        given = self.loadvar(expr.value.name)
        at, _, step, left = (self.builder.extract_value(given, i) for i in range(4))
        value, count = self.builder.load(at), self.builder.load(left)
        self.builder.store(self.builder.add(value, step), at)
        self.builder.store(self.builder.sub(count, count.type(1), flags=["nsw"]), left)
        is_valid = self.builder.icmp_signed(">", count, count.type(0))
        return self._struct(self.context.get_value_type(resty), [value, is_valid])

    def _lower_pair_first(self, resty: Any, expr: Any) -> Any:
        return self._of_pair(resty, expr, 0)

    def _lower_pair_second(self, resty: Any, expr: Any) -> Any:
        return self._of_pair(resty, expr, 1)

    def _of_pair(self, resty: Any, expr: Any, place: int) -> Any:
        if not isinstance(resty, types.Integer | types.Boolean):
            return None
        return self.builder.extract_value(self.loadvar(expr.value.name), place)

    def _is_plain(self, array: Any, index: Any) -> bool:
        """Tell whether an array is read by whole numbers, as many as it has dimensions at the most."""
        kinds = _kinds(index)
        return (
            type(array) is types.Array
            and not self.context.enable_boundscheck
            and 0 < len(kinds) <= array.ndim
            and all(isinstance(kind, types.Integer) for kind in kinds)
        )

    def _places(self, array: Any, given: Any, index: Any, kinds: Any) -> list[Any]:
        """Return where an index points to along each of its dimensions; below 0 it counts from the end."""
        value = self.loadvar(index.name)
        value = self.context.cast(self.builder, value, self.typeof(index.name), kinds)
        if not isinstance(kinds, types.BaseTuple):
            return [self._place(array, given, 0, value, kinds)]
        parts = enumerate(_kinds(kinds))
        return [self._place(array, given, d, self.builder.extract_value(value, d), kind) for d, kind in parts]

    def _place(self, array: Any, given: Any, dimension: int, value: Any, kind: Any) -> Any:
        if isinstance(value, llvm.Constant) and isinstance(value.constant, int) and value.constant >= 0:
            return self.context.cast(self.builder, value, kind, types.intp if kind.signed else types.uintp)
        size = self._along(array, given, "shape", dimension) if kind.signed else None
        return arrayobj.fix_integer_index(self.context, self.builder, kind, value, size)

    def _pointer(self, array: Any, given: Any, places: Sequence[Any]) -> Any:
        """Return the address of an item, or of the first one of a view."""
        by_shape = array.layout in "CF"
        # the first length of an array in C's order, or the last one in Fortran's, moves no item
        lengths = [
            self._along(array, given, "shape", d) if by_shape and array.ndim > 1 else None
            for d in range(array.ndim)
        ]
        strides = [] if by_shape else [self._along(array, given, "strides", d) for d in range(len(places))]
        data = self._field(array, given, "data")
        return cgutils.get_item_pointer2(
            self.context, self.builder, data, lengths, strides, array.layout, places
        )

    def _view(self, view: Any, given: Any, data: Any, n_places: int) -> Any:
        """Return what is left of an array's dimensions, from an address on."""
        array = types.Array(view.dtype, view.ndim + n_places, "A")  # its description has the same fields
        whole = self.context.get_value_type(types.intp)
        shape = [self._along(array, given, "shape", n_places + d) for d in range(view.ndim)]
        strides = [self._along(array, given, "strides", n_places + d) for d in range(view.ndim)]
        size = whole(1)
        for length in shape:
            size = self.builder.mul(size, length, flags=["nsw"])
        fields = {
            "meminfo": self._field(array, given, "meminfo"),
            "parent": self._field(array, given, "parent"),
            "nitems": size,
            "itemsize": self._field(array, given, "itemsize"),
            "data": data,
            "shape": cgutils.pack_array(self.builder, shape, whole),
            "strides": cgutils.pack_array(self.builder, strides, whole),
        }
        names = self.context.data_model_manager[view]._fields
        return self._struct(self.context.get_value_type(view), [fields[name] for name in names])

    def _field(self, array: Any, given: Any, name: str) -> Any:
        place = self.context.data_model_manager[array].get_field_position(name)
        return self.builder.extract_value(given, place)

    def _along(self, array: Any, given: Any, name: str, dimension: int) -> Any:
        return self.builder.extract_value(self._field(array, given, name), dimension)

    def _struct(self, kind: Any, values: Sequence[Any]) -> Any:
        made = llvm.Constant(kind, llvm.Undefined)
        for i, value in enumerate(values):
            made = self.builder.insert_value(made, value, i)
        return made


def _kinds(index: Any) -> tuple[Any, ...]:
    """Types of the parts of an index, which may be one number."""
    return tuple(index) if isinstance(index, types.BaseTuple) else (index,)  # type: ignore[arg-type]


def _extracted(extract: Any, value: Any, index: Any, name: str) -> Any:
    """Return a member of a structure, without looking into it where it has just been put together."""
    wanted = [index] if isinstance(index, int) else list(index)
    at = value
    while isinstance(at, llvm.instructions.InsertValue) and len(wanted) == 1:
        if list(at.indices) == wanted:
            return at.operands[1]
        if len(at.indices) != 1:
            break
        at = at.operands[0]
    return extract(value, index, name)


def _assigned_once(blocks: Any) -> set[str]:
    """Return the variables with one assignment that is lowered, and passed, before each use."""
    where: dict[str, int | None] = {}
    used: dict[str, set[int]] = {}
    before: set[tuple[str, int]] = set()
    for offset, block in blocks.items():
        for statement in block.body:
            assigns = isinstance(statement, ir.Assign)
            reads = statement.value if assigns else statement
            for variable in reads.list_vars() if isinstance(reads, ir.Inst) else _itself(reads):
                used.setdefault(variable.name, set()).add(offset)
                if where.get(variable.name) != offset:
                    before.add((variable.name, offset))
            if assigns:
                name = statement.target.name
                where[name] = None if name in where else offset
    passed = analysis.compute_cfg_from_blocks(blocks).dominators()
    return {
        name
        for name, at in where.items()
        if at is not None
        and (name, at) not in before
        and all(at <= use and at in passed[use] for use in used.get(name, ()))
    }


def _itself(value: Any) -> tuple[Any, ...]:
    return (value,) if isinstance(value, ir.Var) else ()
