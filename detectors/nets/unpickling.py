"""Reading pickles without executing anything: an interpreter of opcodes that can only build data.

Python's own unpickler calls what a file names; this one never looks a name up. Every global becomes a `Stub` that
records its name, and calling a stub makes another stub. The opcodes are parsed by the standard library's `pickletools`.
"""

import pickletools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import IO, Any


class UnsafePickleError(ValueError):
    """A pickle asks for something that a checkpoint has no need of, or is damaged; nothing of it was executed."""


@dataclass(eq=False)
class Stub:
    """An object of a class that is not loaded, e.g. `argparse.Namespace`; it can do nothing.

    `name` is module and class; `args` the constructor's arguments, None for the class itself; `state` what the object
    held (for most classes a dict of its attributes); `items` what was appended or set, pairs for a mapping.
    """

    name: str
    args: Any = field(default=None, repr=False)
    state: Any = field(default=None, repr=False)
    items: list[Any] = field(default_factory=list, repr=False)


Builder = Callable[..., Any]
_SCALARS = (str, int, float, bool, bytes, type(None), Stub)
_MARK = object()


class Interpreter:
    """Builds the object of one pickle: containers, numbers, strings, stubs, and what the given functions make.

    `builders` maps names such as `torch._utils._rebuild_tensor_v2` to functions that are called in their place, with
    arguments taken from the file: each must check them. `persistent` gets each persistent id.
    """

    def __init__(self, builders: dict[str, Builder], persistent: Callable[[Any], Any]) -> None:
        self._builders, self._persistent = builders, persistent
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}

    def load(self, file: IO[bytes]) -> Any:
        """The object of the pickle that starts at the file's position; the position is then behind it.

        Raises `UnsafePickleError` for an opcode that torch.save never writes and for a pickle that makes no sense.
        """
        for opcode, argument, position in pickletools.genops(file):
            if opcode.name == "STOP":
                return self._pop()
            try:
                self._step(opcode.name, argument)
            except UnsafePickleError:
                raise
            except (IndexError, KeyError, TypeError, ValueError, AttributeError, RuntimeError) as problem:
                raise UnsafePickleError(f"no sense in {opcode.name} at byte {position}: {problem!r:.200}") from problem
        raise UnsafePickleError("a pickle without an end")

    def _step(self, name: str, argument: Any) -> None:
        if name in _LITERALS:
            self._stack.append(argument)
        elif name in _CONSTANTS:
            self._stack.append(_CONSTANTS[name]())
        elif name in _ACTIONS:
            _ACTIONS[name](self, argument)
        else:
            raise UnsafePickleError(f"opcode {name}, which no checkpoint needs")

    def _pop(self) -> Any:
        value = self._stack.pop()
        if value is _MARK:
            raise UnsafePickleError("an opcode that found too few values")
        return value

    def _top(self) -> Any:
        if self._stack[-1] is _MARK:
            raise UnsafePickleError("an opcode that found too few values")
        return self._stack[-1]

    def _since_mark(self) -> list[Any]:
        values = []
        while (value := self._stack.pop()) is not _MARK:
            values.append(value)
        return values[::-1]

    def _drop(self) -> None:
        self._since_mark()

    def _tuple(self, length: int) -> None:
        self._stack.append(tuple([self._pop() for _ in range(length)][::-1]))

    def _named(self, name: str) -> None:
        self._stack.append(Stub(name))

    def _stack_global(self) -> None:
        name, module = self._pop(), self._pop()
        if not (isinstance(name, str) and isinstance(module, str)):
            raise UnsafePickleError("a global whose name is no text")
        self._named(f"{module}.{name}")

    def _put(self, index: int) -> None:
        self._memo[index] = self._top()

    def _extend(self, values: list[Any]) -> None:
        target = self._top()
        if not isinstance(target, list | Stub):
            raise UnsafePickleError(f"values appended to a {type(target).__name__}")
        (target.items if isinstance(target, Stub) else target).extend(values)

    def _set(self, values: list[Any]) -> None:
        target = self._top()
        pairs = [(_key(key), value) for key, value in zip(values[::2], values[1::2], strict=True)]
        if isinstance(target, Stub):
            target.items.extend(pairs)
        elif isinstance(target, dict):
            target.update(pairs)
        else:
            raise UnsafePickleError(f"entries set in a {type(target).__name__}")

    def _call(self, *further: Any) -> None:
        args, called = self._pop(), self._pop()
        if not (isinstance(called, Stub) and isinstance(args, tuple)):
            raise UnsafePickleError(f"a call of a {type(called).__name__}")
        build = self._builders.get(called.name) if called.args is None else None
        self._stack.append(build(*args, *further) if build else Stub(called.name, args + further))

    def _new_with_keywords(self) -> None:
        keywords = self._pop()
        self._call(keywords)

    def _build(self) -> None:
        state, target = self._pop(), self._top()
        if isinstance(target, Stub):
            target.state = state
        elif not isinstance(target, dict):  # an ordered dict's attributes, `_metadata` of a state dict, are not needed
            raise UnsafePickleError(f"a state given to a {type(target).__name__}")


def _key(value: Any) -> Any:
    """Tuples of tuples are refused: a small file can make one whose hash takes for ever."""
    simple = isinstance(value, tuple) and all(isinstance(part, _SCALARS) for part in value)
    if not simple and not isinstance(value, _SCALARS):
        raise UnsafePickleError(f"a {type(value).__name__} as the key of an entry")
    return value


_NUMBERS = frozenset({"BININT", "BININT1", "BININT2", "LONG1", "LONG4", "BINFLOAT"})
_TEXTS = frozenset({"BINSTRING", "SHORT_BINSTRING", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"})
_BYTES = frozenset({"BINBYTES", "SHORT_BINBYTES", "BINBYTES8"})
_LITERALS = _NUMBERS | _TEXTS | _BYTES
_CONSTANTS: dict[str, Callable[[], Any]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_TUPLE": tuple,
    "EMPTY_LIST": list,
    "EMPTY_DICT": dict,
    "EMPTY_SET": lambda: Stub("builtins.set", ()),
    "MARK": lambda: _MARK,
}
_ACTIONS: dict[str, Callable[[Interpreter, Any], None]] = {
    "PROTO": lambda self, _: None,
    "FRAME": lambda self, _: None,
    "POP": lambda self, _: self._stack.pop(),
    "POP_MARK": lambda self, _: self._drop(),
    "DUP": lambda self, _: self._stack.append(self._top()),
    "TUPLE1": lambda self, _: self._tuple(1),
    "TUPLE2": lambda self, _: self._tuple(2),
    "TUPLE3": lambda self, _: self._tuple(3),
    "TUPLE": lambda self, _: self._stack.append(tuple(self._since_mark())),
    "APPEND": lambda self, _: self._extend([self._pop()]),
    "APPENDS": lambda self, _: self._extend(self._since_mark()),
    "ADDITEMS": lambda self, _: self._extend(self._since_mark()),
    "SETITEM": lambda self, _: self._set([self._pop(), self._pop()][::-1]),
    "SETITEMS": lambda self, _: self._set(self._since_mark()),
    "BINPUT": lambda self, index: self._put(index),
    "LONG_BINPUT": lambda self, index: self._put(index),
    "MEMOIZE": lambda self, _: self._put(len(self._memo)),
    "BINGET": lambda self, index: self._stack.append(self._memo[index]),
    "LONG_BINGET": lambda self, index: self._stack.append(self._memo[index]),
    "GLOBAL": lambda self, name: self._named(name.replace(" ", ".", 1)),
    "STACK_GLOBAL": lambda self, _: self._stack_global(),
    "BINPERSID": lambda self, _: self._stack.append(self._persistent(self._pop())),
    "REDUCE": lambda self, _: self._call(),
    "NEWOBJ": lambda self, _: self._call(),
    "NEWOBJ_EX": lambda self, _: self._new_with_keywords(),
    "BUILD": lambda self, _: self._build(),
}
