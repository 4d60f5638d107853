"""Many arrays handed to a kernel as one pointer.

A named tuple of arrays reaches a compiled function as seven arguments for each array, all counted as
references, and is copied so from call to call: compiling that took most of the time. A pack is a table of
addresses and shapes instead. In a kernel ``plan.volumes`` reads as ever; the arrays belong to the pack,
which whoever calls keeps alive, so that no reference is counted.
"""

from __future__ import annotations

import hashlib
import operator
from collections.abc import Sequence
from functools import cache
from typing import Any, ClassVar

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba.core import cgutils, types
from numba.core.typing.templates import AbstractTemplate, AttributeTemplate, infer_global, signature
from numba.extending import (
    NativeValue,
    infer_getattr,
    lower_builtin,
    lower_getattr_generic,
    models,
    register_model,
    typeof_impl,
    unbox,
)
from numba.np import numpy_support


class Pack:
    """Arrays and whole numbers by name; a subclass lists them as annotations, in order.

    Arrays are made C-contiguous; they may be written to, not replaced.
    """

    fields: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        """Take the fields from the annotations."""
        cls.fields = tuple(cls.__annotations__)

    def __init__(self, *values: Any, **named: Any) -> None:
        """Take the fields in their order or by name."""
        given = dict(zip(self.fields, values, strict=False)) | named
        if set(given) != set(self.fields) or len(values) + len(named) != len(self.fields):
            raise TypeError(f"{type(self).__name__} takes the fields {', '.join(self.fields)}")
        table: list[int] = []
        kinds: list[tuple[str, Any, int]] = []
        for name in self.fields:
            value = given[name]
            if isinstance(value, np.ndarray):
                value = np.ascontiguousarray(value)
                table += [value.ctypes.data, *value.shape]
                kinds.append((name, value.dtype, value.ndim))
            else:
                value = int(value)
                table.append(value)
                kinds.append((name, None, 0))
            setattr(self, name, value)
        self._table = np.array(table, np.int64)
        self.address = self._table.ctypes.data
        self._numba_type_ = _type_of(type(self).__name__, tuple(kinds))

    def replace(self, **changes: Any) -> Any:
        """Return a pack with some fields changed."""
        return type(self)(**({name: getattr(self, name) for name in self.fields} | changes))

    def __getstate__(self) -> dict[str, Any]:
        """Pickle the fields; the addresses of another process are others."""
        return {name: getattr(self, name) for name in self.fields}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Make the table anew."""
        self.__init__(**state)  # type: ignore[misc]


class PackType(types.Type):  # type: ignore[misc]
    """Type of a pack in a kernel: the name and type of each field, in order."""

    def __init__(self, name: str, fields: tuple[tuple[str, Any], ...]) -> None:
        """Take the name of the pack and its fields."""
        self.fields = fields
        self.kinds = dict(fields)
        listed = ", ".join(f"{field}: {kind}" for field, kind in fields)
        super().__init__(f"{name}.{hashlib.sha256(listed.encode()).hexdigest()[:8]}")

    def place(self, name: str) -> int:
        """Place of a field in the table."""
        place = 0
        for field, kind in self.fields:
            if field == name:
                break
            place += 1 + (kind.ndim if isinstance(kind, types.Array) else 0)
        return place


@cache
def _type_of(name: str, kinds: tuple[tuple[str, Any, int], ...]) -> PackType:
    """Type of a pack whose fields have a data type and dimensions, or are whole numbers (None); made once."""
    fields = [
        (
            field,
            types.int64 if dtype is None else types.Array(numpy_support.from_dtype(dtype), dimensions, "C"),
        )
        for field, dtype, dimensions in kinds
    ]
    return PackType(name, tuple(fields))


@register_model(PackType)
class _PackModel(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, ir.IntType(8).as_pointer())


@typeof_impl.register(Pack)
def _typeof(pack: Pack, context: Any) -> PackType:
    return pack._numba_type_


@unbox(PackType)
def _unbox(kind: PackType, pack: Any, c: Any) -> Any:
    address = c.pyapi.object_getattr_string(pack, "address")
    value = c.pyapi.long_as_voidptr(address)
    c.pyapi.decref(address)
    return NativeValue(value, is_error=cgutils.is_not_null(c.builder, c.pyapi.err_occurred()))


@infer_getattr
class _PackAttribute(AttributeTemplate):  # type: ignore[misc]
    key = PackType

    def generic_resolve(self, kind: PackType, name: str) -> Any:  # type: ignore[override]
        return kind.kinds.get(name)


@lower_getattr_generic(PackType)
def _get(context: Any, builder: Any, kind: PackType, value: Any, name: str) -> Any:
    """Read a field off the table, which stands still while a kernel runs."""
    place = kind.place(name)
    field = kind.kinds[name]
    table = builder.bitcast(value, ir.IntType(64).as_pointer())

    def entry(i: int) -> Any:
        loaded = builder.load(builder.gep(table, [ir.Constant(ir.IntType(64), place + i)]))
        loaded.set_metadata("invariant.load", builder.module.add_metadata([]))
        return loaded

    if not isinstance(field, types.Array):
        return entry(0)
    item = context.get_abi_sizeof(context.get_data_type(field.dtype))
    shape = [entry(1 + d) for d in range(field.ndim)]
    strides = [ir.Constant(ir.IntType(64), item)]
    for d in range(field.ndim - 1, 0, -1):
        strides.insert(0, builder.mul(strides[0], shape[d]))
    size = ir.Constant(ir.IntType(64), 1)
    for length in shape:
        size = builder.mul(size, length, flags=["nsw"])
    described = {
        "nitems": size,
        "itemsize": ir.Constant(ir.IntType(64), item),
        "data": builder.inttoptr(entry(0), context.get_data_type(field.dtype).as_pointer()),
        "shape": cgutils.pack_array(builder, shape),
        "strides": cgutils.pack_array(builder, strides),
    }
    # no owner and no parent: counted by nobody
    array = ir.Constant(context.get_value_type(field), None)
    model = context.data_model_manager[field]
    for part, content in described.items():
        array = builder.insert_value(array, content, model.get_field_position(part))
    return array


class Packs:
    """Packs of one type by number: in a kernel ``packs[i]`` is one of them."""

    def __init__(self, members: Sequence[Pack]) -> None:
        """Take the packs, at least one."""
        self.members = tuple(members)
        self._addresses = np.array([member.address for member in members], np.int64)
        self.address = self._addresses.ctypes.data
        self._numba_type_ = _list_of(members[0]._numba_type_)

    def __getitem__(self, i: int) -> Pack:
        """Return pack i."""
        return self.members[i]


class PacksType(types.Type):  # type: ignore[misc]
    """Type of packs by number in a kernel."""

    def __init__(self, member: PackType) -> None:
        """Take the type of each of them."""
        self.member = member
        super().__init__(f"Packs({member.name})")


@cache
def _list_of(member: PackType) -> PacksType:
    return PacksType(member)


@register_model(PacksType)
class _PacksModel(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, ir.IntType(8).as_pointer())


@typeof_impl.register(Packs)
def _typeof_packs(packs: Packs, context: Any) -> PacksType:
    return packs._numba_type_


unbox(PacksType)(_unbox)


@infer_global(operator.getitem)
class _PacksItem(AbstractTemplate):  # type: ignore[misc]
    def generic(self, args: Any, kws: Any) -> Any:
        if isinstance(args[0], PacksType) and isinstance(args[1], types.Integer):
            return signature(args[0].member, args[0], types.intp)
        return None


@lower_builtin(operator.getitem, PacksType, types.intp)  # type: ignore[untyped-decorator]
def _get_member(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    """Read the address of a pack off the table, which stands still while a kernel runs."""
    addresses = builder.bitcast(args[0], ir.IntType(64).as_pointer())
    loaded = builder.load(builder.gep(addresses, [args[1]]))
    loaded.set_metadata("invariant.load", builder.module.add_metadata([]))
    return builder.inttoptr(loaded, ir.IntType(8).as_pointer())
