"""Hundreds of odd answers: none hangs, raises, changes anything, or is called right."""

import gc
import itertools
import linecache
import os
import random
import textwrap
import time

import pytest
import torch
import toy_exercises as toys
from exercise_checks import state

from course_utils.exercises import check, registry, run

COUNT, LIMIT = 1000 if os.environ.get("COURSE_ALL_RUNS") == "1" else 400, 0.2  # a thousand once a week

HEADINGS = (
    "def weighted(query, key, value, mask=None):",
    "async def weighted(query, key, value, mask=None):",
    "def weighted(query, key, value):",
    "def weighted(*a, **k):\n    query, key, value, mask = (*a, None)[:4]",
    "def weighted():\n    query = key = value = mask = None",
    "@staticmethod\ndef weighted(query, key, value, mask=None):",
    "@functools.cache\ndef weighted(query, key, value, mask=None):",
    "@torch.no_grad()\ndef weighted(query, key, value, mask=None):",
)
RESULTS = (
    "None", "...", "NotImplemented", "3", "True", "10**5000", "float('nan')", "1j", "'text' * 10**6", "b'x'",
    "weighted", "query", "query.mT", "query[0]", "query.sum()", "query.float()", "query.bool()", "query.to('meta')",
    "query.tolist()", "[query] * 100", "(query, key)", "{'a': query}", "{query: 1}", "{1, 2}", "iter([query])",
    "(x for x in query)", "range(3)", "object()", "type", "int", "torch", "torch.nn.Linear(2, 2)",
    "torch.nn.Parameter(value)", "query.numpy", "torch.zeros(0)", "torch.zeros(2, 5, 3).to_sparse()",
    "torch.zeros(1).expand(10**6, 10**6)", "torch.zeros(2, 5, 3)", "torch.full((2, 5, 3), torch.nan)",
    "torch.zeros(2, 5, 3, dtype=torch.complex64)", "numpy.zeros((2, 5, 3))", "numpy.float64(3)", "lying()", "lying",
    "Liar(value[:, :5].detach())", "value[:, :5] * 1.000001", "itself", "wide", "memoryview(b'x')", "slice(1)",
    "open", "Exception('x')", "sys._getframe()", "lambda: 1", "weakref.ref(weighted)",
    "torch.zeros(2, 5, 3).requires_grad_()", "torch.zeros(2, 5, 3).as_subclass(Liar)", "(lambda: (yield))()",
    "coroutine()",
)  # fmt: skip
DEEDS = (
    "pass", "print('x' * 10**6)", "for i in range(2000): print(i)", "print(query, file=sys.stderr)",
    "sys.stdout.close()", "sys.stdout = None", "sys.stderr = sys.stdout = lying()", "warnings.warn('odd')",
    "import logging; logging.error('odd')", "raise SystemExit(1)", "raise KeyboardInterrupt", "raise GeneratorExit",
    "raise BaseException('base')", "raise StopIteration", "raise MemoryError", "raise Odd('odd')", "raise Odd",
    "raise Exception('\\ud800 \\n line two')", "raise Exception('x' * 10**6)",
    "raise ExceptionGroup('many', [ValueError(1), TypeError(2)])", "raise ValueError('x') from KeyError('y')",
    "1 / 0", "assert False", "query @ query", "query[99]", "weighted(query, key, value, mask)",
    "weighted(weighted, key, value)", "sys.setrecursionlimit(10**6); weighted(query, key, value, mask)",
    "def f(): return f()\nf()", "sys.exit()", "quit()", "sys.setrecursionlimit(50)", "sys.settrace(lambda *a: None)",
    "threading.settrace(None)", "del query, key, value", "query.data.zero_()", "query.resize_(1)",
    "query.data = torch.zeros(1)", "query.__class__ = Liar",
    "torch.manual_seed(1); random.seed(1); numpy.random.seed(1); torch.rand(5)",
    "torch.set_default_dtype(torch.float16)", "torch.set_num_threads(1)", "torch.set_grad_enabled(False)",
    "torch.set_default_device('meta')", "torch.inference_mode().__enter__()",
    "torch.autograd.set_detect_anomaly(True)", "torch.use_deterministic_algorithms(True)", "Mode().__enter__()",
    "os.chdir('/')", "os.environ.clear()", "sys.path.clear()", "sys.modules.pop('torch')",
    "sys.modules['torch'] = None", "globals().clear()", "gc.collect()",
    "threading.Thread(target=print, args=('thread',)).start()", "builtins.print = None",
    "builtins.len = lambda *a: 0", "builtins.isinstance = builtins.type = lambda *a: True",
    "builtins.all = builtins.any = lambda *a: True",
    "builtins.abs = builtins.max = builtins.min = builtins.sorted = lambda *a, **k: 0", "builtins.__import__ = None",
    "builtins.__build_class__ = None", "builtins.__dict__.clear()", "builtins.odd = 1",
    "math.sqrt = math.isfinite = lambda *a: True", "time.monotonic = time.perf_counter = lambda: 0",
    "torch.equal = torch.allclose = lambda *a, **k: True", "torch.where = torch.randn = torch.Generator = None",
    "torch.Tensor = torch.nn.Parameter = Liar",
    "torch.Tensor.__eq__ = torch.Tensor.any = torch.Tensor.abs = lambda *a: True",
    "torch.Tensor.shape = torch.Tensor.dtype = property(lambda self: 3)",
    "torch.nn.Module.__call__ = torch.nn.Module.state_dict = None", "torch.nn.functional.softmax = None",
    "torch.autograd.grad = lambda *a, **k: [None]", "numpy.array = numpy.random.set_state = None",
    "random.setstate = lambda *a: 1", "check_engine()",
    "query.register_hook(lambda g: 1 / 0) if query.requires_grad else 0",
    "query.register_hook(lambda g: sys.exit(1)) if query.requires_grad else 0",
    "query.detach = query.clone = lambda: 3", "sys.excepthook = threading.excepthook = None",
    "linecache.cache.clear(); raise ValueError('no source')",
)  # fmt: skip
SLOW = (
    "while True: pass",
    "while True:\n    try: 1\n    except BaseException: pass",
    "while True:\n    try: raise ValueError\n    finally: continue",
    "time.sleep(2)",
    "threading.Event().wait(2)",
    "for _ in iter(int, 1): print('again')",
    "builtins.__dict__.clear()\nwhile True: pass",
    "while True: query = query + 1",
)
PRELUDE = """
import builtins, functools, gc, itertools, linecache, math, numpy, os, random, sys, threading, time, torch
import warnings, weakref
class Odd(Exception):
    def __str__(self): raise SystemExit
    __repr__ = __str__
class Liar(torch.Tensor):
    @classmethod
    def __torch_function__(cls, *a, **k): return True
class Mode(torch.overrides.TorchFunctionMode):
    def __torch_function__(self, function, types, args=(), kwargs=None): return True
class lying:
    shape, dtype, __class__, layout = (2, 5, 3), torch.float64, torch.Tensor, torch.strided
    def __eq__(self, other): return True
    def __bool__(self): return True
    def __getattr__(self, name): return lambda *a, **k: self
    def __repr__(self): raise KeyboardInterrupt
    def __len__(self): sys.exit()
    def __iter__(self): raise MemoryError
    __hash__ = __str__ = __repr__
async def coroutine(): pass
itself = []; itself += [itself] * 3
wide = {i: (i,) for i in range(9999)}
def check_engine():
    import course_utils.exercises.compare as compare, course_utils.exercises.engine as engine
    compare.mismatches = lambda *a: iter(()); engine.print = None
"""
OTHERS = (
    "weighted = 3", "weighted = None", "weighted = 'weighted'", "weighted = lying()", "weighted = lying",
    "weighted = int",
    "weighted = torch", "weighted = torch.zeros(3)", "weighted = torch.nn.Linear(3, 3)", "weighted = torch.nn.Linear",
    "weighted = lambda *a: None", "weighted = lambda *a: a", "weighted = functools.partial(print)", "weighted = print",
    "weighted = functools.partial(lambda q, *a: q, 1)", "weighted = type", "weighted = [].append", "weighted = iter",
    "weighted = type('weighted', (type,), {'__call__': lambda *a: 1})", "weighted = itself", "weighted = Odd()",
    "class weighted:\n    def __call__(self, *a, **k): return self", "class weighted(torch.nn.Module): x = 1",
    "class Meta(type): __name__ = property(lambda c: 1 / 0)\nclass weighted(metaclass=Meta): __mro__ = ()",
    "def weighted(q): pass\nweighted.__wrapped__ = weighted",
    "def weighted(query, key, value, mask=None): return 1\nweighted.__signature__ = weighted.__doc__ = lying()",
    "def weighted(query, key, value, mask=None): return 1\nweighted.__name__ = ''; weighted.__module__ = None",
    "def weighted(query, key, value, mask=lying()): return mask",
    "def weighted(query, key, value, mask=None): exec('raise ValueError(1)', {})",
)  # fmt: skip


def answers(count):
    """Yield the sources of odd answers, from a seeded generator; every deed and result occurs."""
    generator = random.Random(0)
    deeds, results = itertools.cycle(DEEDS), itertools.cycle(RESULTS)
    yield from OTHERS
    yield from (function(HEADINGS[0], deed, "query") for deed in SLOW)
    for _ in range(count - len(OTHERS) - len(SLOW)):
        heading = generator.choice(HEADINGS) if generator.random() < 0.3 else HEADINGS[0]
        deed = next(deeds) if generator.random() < 0.6 else f"{generator.choice(DEEDS)}\n{generator.choice(DEEDS)}"
        yield function(heading, deed, next(results))


def function(heading, deed, result):
    return f"{heading}\n{textwrap.indent(deed, '    ')}\n    return {result}"


def test_odd_answers(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(run, "SECONDS", LIMIT)
    monkeypatch.setattr(run, "STOPPING_SECONDS", 0.1)
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.json"))
    monkeypatch.setattr(linecache, "cache", dict(linecache.cache))  # an answer clears it, and other tests need theirs
    toys.register(monkeypatch.setattr)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # on a busy machine two threads wait for each other
    gc.freeze()  # or an answer's `gc.collect()` walks through all that other tests left here, for longer than LIMIT
    for number, source in enumerate(answers(COUNT)):
        names = {}
        exec(PRELUDE, names)
        exec(compile(source, f"<odd {number}>", "exec"), names)
        before, since = state(), time.perf_counter()
        returned = check("99.1", names["weighted"])
        seconds = time.perf_counter() - since
        printed = capsys.readouterr()
        assert returned is toys.weighted, source
        assert printed.out.startswith(("✗ 99.1\n", "○ 99.1")), source
        assert len(printed.out) < 3000, source
        assert printed.err == "", source
        assert [now == then for now, then in zip(state(), before, strict=True)] == [True] * 5, source
        assert seconds < 5, source  # LIMIT and STOPPING_SECONDS, on a machine that has other things to do too
    gc.unfreeze()
    torch.set_num_threads(threads)
    assert not (tmp_path / "progress.json").exists()


@pytest.mark.parametrize("deed", ["builtins.__dict__.clear()", "torch.equal = torch.allclose = lambda *a: True"])
def test_the_next_check_is_as_good_as_before(deed, monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.json"))
    toys.register(monkeypatch.setattr)
    names = {}
    exec(PRELUDE + function(HEADINGS[0], deed, "query"), names)
    check("99.1", names["weighted"])
    check("99.1", toys.weighted_fused)
    assert capsys.readouterr().out.endswith("✓ 99.1 correct on 2 cases\n")
    assert torch.equal(torch.ones(2), torch.ones(2))
    assert registry.find("99.1").reference is toys.weighted
