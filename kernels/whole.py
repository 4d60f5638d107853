"""A kernel called from Python is compiled as one whole with all that it calls.

Numba on its own optimises every function together with what it calls, makes machine code and two wrappers
for Python of it, and then does so again within each of its callers: of a tree of three hundred functions
that took most of the time. Here a function called by another is lowered to LLVM's language and left there, a
*part*; what Python calls, a *whole*, links each part once and is optimised once. Nothing else can call the
parts in it, so that LLVM may fit them to their callers or drop them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from llvmlite import binding as llvm
from numba.core import codegen, compiler, typed_passes, types, untyped_passes
from numba.core.environment import lookup_environment

from .lowering import KernelLegalization, KernelLowering
from .remembered import one_compilation, with_room


class _Library(codegen.JITCodeLibrary):  # type: ignore[misc]
    """A library that leaves the parts it calls as they are until a whole is made."""

    def add_linking_library(self, library: Any) -> None:
        if not isinstance(library, _Part):
            library._ensure_finalized()
        self._linking_libraries.append(library)


class _Part(_Library):
    """A function as it was lowered, neither optimised nor made into machine code."""

    def finalize(self) -> None:
        self._raise_if_finalized()
        self._finalize_dynamic_globals()
        self._finalized = True

    def get_pointer_to_function(self, name: str) -> int:
        """Nothing of it has an address (0)."""
        return 0

    @property
    def codegen(self) -> Any:
        """Where the compiler would leave the function's environment, which the whole sets instead."""
        return _NoEnvironments

    def _optimize_functions(self, ll_module: Any) -> None:
        """Tidy what is defined in it, no more: left as it is the whole comes out slower by a tenth."""
        if not hasattr(self._codegen, "_pass_builder"):  # an older pass manager
            super()._optimize_functions(ll_module)
            return
        ll_module.data_layout = self._codegen._data_layout
        for function in ll_module.functions:
            if not function.is_declaration:
                passes, builder = self._codegen._function_pass_manager(opt=1)
                passes.run(function, builder)

    def as_lowered(self) -> Any:
        """Return the module of this function alone, for linking."""
        return super()._get_module_for_linking()

    def _get_module_for_linking(self) -> Any:
        """Return a module with all that is called, for a library of Numba's own: a user's jitted function."""
        whole = self.as_lowered().clone()
        _link(whole, self._linking_libraries)
        return whole


class _RarePart(_Part):
    """A function that is not put into its callers."""

    def finalize(self) -> None:
        for name in _defined(self._final_module):
            self._final_module.get_function(name).add_function_attribute("cold")
        super().finalize()


class _NoEnvironments:
    @staticmethod
    def set_env(name: str, environment: Any) -> None:
        """Leave it out."""


class _Whole(_Library):
    """A kernel with all that it calls, optimised together."""

    def finalize(self) -> None:
        entries = set(_defined(self._final_module))
        parts = _link(self._final_module, self._linking_libraries) - entries
        self._linking_libraries = []
        for name in parts:
            _keep_inside(self._final_module.get_function(name))
        super().finalize()
        for variable in self._final_module.global_variables:
            environment = lookup_environment(variable.name)
            if environment is not None:
                self.codegen.set_env(variable.name, environment)


def _link(module: Any, libraries: Iterable[Any]) -> set[str]:
    """Link what is called, at whatever depth, once each; return the names of the functions of parts."""
    names: set[str] = set()
    for library in _called(libraries):
        if isinstance(library, _Part):
            linked = library.as_lowered()
            names.update(_keep_all(linked))
        else:
            linked = library._get_module_for_linking()
        module.link_in(linked, preserve=True)
    return names


def _keep_all(module: Any) -> list[str]:
    """Let all functions of a part be linked, also before what calls them is; return their names."""
    names = _defined(module)
    for name in names:
        module.get_function(name).linkage = llvm.Linkage.weak_odr
    return names


def _defined(module: Any) -> list[str]:
    return [function.name for function in module.functions if not function.is_declaration]


def _keep_inside(function: Any) -> None:
    """Let nothing else call a function, so that LLVM may change how it is called.

    It loses the end of its name, for the loader binds weak functions of other libraries by name, to ones that
    are kept inside too.
    """
    function.linkage = llvm.Linkage.internal
    function.name = re.sub(r"B\d+v\d+.*", "", function.name)


def _called(libraries: Iterable[Any]) -> list[Any]:
    """Libraries, those of their parts and so on, each once."""
    found: dict[Any, None] = {}
    left = list(libraries)
    while left:
        library = left.pop()
        if library not in found:
            found[library] = None
            if isinstance(library, _Part):
                left.extend(library._linking_libraries)
    return list(found)


#: For closures, contexts, literals of many types, inlining before LLVM and expressions over whole arrays, of
#: which kernels have none: to look for them takes a tenth of the time. Branches that are dead are those of an
#: argument that is None.
_NEEDLESS = (
    untyped_passes.WithLifting,
    untyped_passes.InlineClosureLikes,
    untyped_passes.DeadBranchPrune,
    untyped_passes.MakeFunctionToJitFunction,
    untyped_passes.InlineInlinables,
    untyped_passes.FindLiterallyCalls,
    untyped_passes.LiteralUnroll,
    untyped_passes.LiteralPropagationSubPipelinePass,
    typed_passes.InlineOverloads,
    typed_passes.NopythonRewrites,
)

#: Passes in the place of Numba's.
_INSTEAD = {
    typed_passes.IRLegalization: KernelLegalization,
    typed_passes.NativeLowering: KernelLowering,
}


class WholeCompiler(compiler.CompilerBase):  # type: ignore[misc]
    """Compiler of a kernel that Python calls."""

    library: type[_Library] = _Whole

    def define_pipelines(self) -> list[Any]:
        """Return the passes of Numba that a kernel needs, which find a library of our kind in place."""
        self.state.library = self.library(self.state.targetctx.codegen(), self.state.func_id.func_qualname)
        self.state.library.enable_object_caching()
        needless = set(_NEEDLESS)
        if types.none in self.state.args:
            needless.remove(untyped_passes.DeadBranchPrune)
        passes = compiler.DefaultPassBuilder.define_nopython_pipeline(self.state)
        passes.passes = [(_INSTEAD.get(one, one), why) for one, why in passes.passes if one not in needless]
        passes.finalize()
        return [passes]

    def compile_extra(self, function: Any) -> Any:
        """Compile, with what Numba asks for again and again at hand."""
        with one_compilation():
            return with_room(super().compile_extra, function)


class PartCompiler(WholeCompiler):
    """Compiler of a kernel that another one calls."""

    library = _Part


class RareCompiler(PartCompiler):
    """Compiler of a kernel that another one calls rarely."""

    library = _RarePart
