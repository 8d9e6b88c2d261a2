"""What can be said of an answer without running it: the course's own, still a stub, or with other parameters."""

import ast
import dis
import functools
import inspect
import textwrap
from types import CodeType, FunctionType, MethodType

from torch import nn

from course_utils.exercises.differences import Fault
from course_utils.exercises.values import ancestors, is_class, kind_of

DOING_NOTHING = {"RESUME", "NOP", "COPY_FREE_VARS"}
FREE = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
_names_of = type.__dict__["__dict__"].__get__


def unwrapped(answer: object) -> object:
    """Return what lies under decorators that say so, bound methods and empty partials."""
    for _ in range(20):
        if type(answer) is functools.partial and not answer.args and not answer.keywords:
            answer = answer.func
        elif type(answer) in (staticmethod, classmethod, MethodType):
            answer = answer.__func__
        elif type(answer) is FunctionType and "__wrapped__" in answer.__dict__:
            answer = answer.__dict__["__wrapped__"]
        else:
            break
    return answer


def is_the_courses(answer: object, reference: object) -> bool:
    """Tell whether the answer is the course's own object under whatever name."""
    bare = unwrapped(answer)
    if bare is reference or (is_class(bare) and ancestors(bare)[1:2] == (reference,) and not methods(bare)):
        return True
    return type(bare) is type(reference) is FunctionType and bare.__code__ is reference.__code__


def is_untouched(answer: object) -> bool:
    """Tell whether the answer is still the stub: its body is `...`, a class's every method is."""
    bare = unwrapped(answer)
    if bare is ...:
        return True
    if type(bare) is FunctionType:
        return is_stub(bare)
    if not is_class(bare):
        return False
    own = methods(bare)
    return all(is_stub(method) for method in own.values()) and (bool(own) or nn.Module in ancestors(bare)[1:2])


def methods(kind: type) -> dict[str, FunctionType]:
    """Return the functions that a class itself defines, by name."""
    bare = {name: unwrapped(value) for name, value in _names_of(kind).items()}
    return {name: value for name, value in bare.items() if type(value) is FunctionType}


def is_stub(function: FunctionType) -> bool:
    """Tell whether a function's body is `...` and nothing else but a docstring."""
    if function.__code__.co_name == "<lambda>":
        return _returned(function.__code__) == [...]
    if _returned(function.__code__) != [None]:
        return False
    body = _body(function.__code__)
    return body is None or ([type(line) for line in body] == [ast.Expr] and _is_dots(body[0]))


def _returned(code: CodeType) -> list:
    """Return [constant] if the bytecode does nothing but return a constant; `...` and `pass` both return None."""
    steps = [step for step in dis.get_instructions(code) if step.opname not in DOING_NOTHING]
    names = [step.opname for step in steps]
    if names in (["LOAD_CONST", "RETURN_VALUE"], ["RETURN_CONST"]):
        return [steps[0].argval]
    return []


def _body(code: CodeType) -> list[ast.stmt] | None:
    """Return the statements after the docstring; None where there is no source."""
    try:
        (function,) = ast.parse(textwrap.dedent(inspect.getsource(code))).body
        body = function.body
    except Exception:
        return None
    first = body[0]
    documented = isinstance(first, ast.Expr) and isinstance(getattr(first.value, "value", None), str)
    return body[1:] if documented else body


def _is_dots(line: ast.Expr) -> bool:
    return isinstance(line.value, ast.Constant) and line.value.value is ...


def form_fault(answer: object, reference: object) -> Fault | None:
    """Say what is wrong with an answer before it is run; None if nothing is."""
    bare, name = unwrapped(answer), reference.__name__
    if not is_class(reference):
        return _function_fault(bare, reference, name)
    if not is_class(bare) or nn.Module not in ancestors(bare):
        what = f"`{name}` is {_article(bare)}, expected a class derived from nn.Module"
        return Fault(what, "the lesson builds a layer from it", f"begin with `class {name}(nn.Module):`")
    own = methods(bare)
    for method, function in own.items():
        if is_stub(function):
            why = "the rest is written, this part is not"
            return Fault(f"the method `{method}` of `{name}` is still empty", why, f"write `{method}` too")
    for method in ("__init__", "forward"):
        fault = _method_fault(method, bare, reference)
        if fault:
            return fault
    return None


def _function_fault(bare: object, reference: FunctionType, name: str) -> Fault | None:
    if is_class(bare) or not callable(bare):
        what = f"`{name}` is {_article(bare)}, expected a function"
        return Fault(what, "the name was bound to something else", f"define it with `def {name}(...)`")
    if type(bare) is not FunctionType:
        return None
    if _returned(bare.__code__) == [None] and _body(bare.__code__) == []:
        return Fault(f"`{name}` has only a docstring", "nothing is computed", "write the body")
    return _parameter_fault(bare, reference, name)


def _method_fault(method: str, kind: type, reference: type) -> Fault | None:
    mine, expected = _found(kind, method), _found(reference, method)
    if expected is None:
        return None
    if mine is None:
        what = f"`{reference.__name__}` has no method `{method}`"
        return Fault(what, "perhaps it is misspelt, or its indentation puts it elsewhere", f"define `{method}`")
    return _parameter_fault(mine, expected, f"{reference.__name__}.{method}")


def _found(kind: type, method: str) -> FunctionType | None:
    """Return the method that a class has, its own or inherited, unless it is nn.Module's."""
    for ancestor in ancestors(kind):
        if ancestor is nn.Module:
            return None
        if method in methods(ancestor):
            return methods(ancestor)[method]
    return None


def _parameter_fault(function: FunctionType, reference: FunctionType, name: str) -> Fault | None:
    mine, course = parameters(function), parameters(reference)
    problem = _parameter_problem(mine, course)
    if problem is None:
        return None
    what = f"`{name}` has the parameters ({shown(mine)}): {problem}"
    remedy = f"write its parameters as in the stub: ({shown(course)})"
    return Fault(what, "the lesson calls it with the parameters of the course's version", remedy)


def _parameter_problem(mine: dict, course: dict) -> str | None:
    if any(parameter.kind in FREE for parameter in (*mine.values(), *course.values())):
        return None  # *args and **kwargs take anything, and stand for anything
    missing = [name for name in course if name not in mine]
    if missing:
        return f"`{missing[0]}` is missing"
    empty = inspect.Parameter.empty
    for name, parameter in mine.items():
        if name not in course and parameter.default is empty:
            return f"`{name}` is too many"
        if name in course and parameter.default is empty and course[name].default is not empty:
            return f"`{name}` must have a default"
    same = [name for name in mine if name in course] == list(course)
    return None if same and list(mine)[: len(course)] == list(course) else "their order is another"


def parameters(function: FunctionType) -> dict[str, inspect.Parameter]:
    """Return a function's true parameters, whatever it says in `__signature__` or `__wrapped__`."""
    bare = FunctionType(function.__code__, {}, closure=function.__closure__)
    bare.__defaults__, bare.__kwdefaults__ = function.__defaults__, function.__kwdefaults__
    return dict(inspect.signature(bare).parameters)


def shown(parameters: dict[str, inspect.Parameter]) -> str:
    """Return the parameters as text: names, and that there is a default."""
    stars = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    simple = (int, float, bool, str, type(None))
    return ", ".join(
        stars.get(parameter.kind, "")
        + name
        + ("" if parameter.default is inspect.Parameter.empty else "=…").replace(
            "…", repr(parameter.default)[:20] if type(parameter.default) in simple else "…"
        )
        for name, parameter in parameters.items()
    )


def files_of(answer: object) -> frozenset[str]:
    """Return the names of the files, or notebook cells, in which the answer is written."""
    bare = unwrapped(answer)
    functions = methods(bare).values() if is_class(bare) else [bare]
    return frozenset(f.__code__.co_filename for f in functions if type(f) is FunctionType)


def _article(value: object) -> str:
    return "a class" if is_class(value) else f"of the type {kind_of(value)}"
