"""Build the site with Sphinx."""

import importlib.util
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from course_utils.files import CourseError
from course_utils.site.folder import new_site
from course_utils.site.source import write_source

NEEDED = ("sphinx", "myst_nb", "sphinx_book_theme", "latex2mathml", "ziamath")
REMEDY = 'python -m pip install -c constraints.txt -e ".[site]"'


@dataclass(frozen=True)
class Built:
    """A site that was made.

    Attributes:
        folder: where it is.
        pages: how many HTML pages it has.
        size: of all its files, in bytes.
        seconds: what building took.
    """

    folder: Path
    pages: int
    size: int
    seconds: float


def build(out: Path) -> Built:
    """Build the site in the folder `out`.

    Raises:
        CourseError: a library is missing; `out` holds something else than an unchanged site; Sphinx complains.
    """
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise CourseError(f"the site needs {', '.join(missing)}, which isn't installed: {REMEDY}")
    started = time.perf_counter()
    with new_site(out) as made, tempfile.TemporaryDirectory() as temporary:
        source, extra = Path(temporary, "source"), Path(temporary, "extra")
        source.mkdir()
        write_source(source, extra)
        _run_sphinx(source, made, Path(temporary, "doctrees"))
        shutil.copytree(extra, made, dirs_exist_ok=True)
        _remove_needless(made)
    files = [path for path in out.rglob("*") if path.is_file()]
    pages = len(list(out.glob("*.html")))
    return Built(out, pages, sum(path.stat().st_size for path in files), time.perf_counter() - started)


def _remove_needless(site: Path) -> None:
    """Remove what Sphinx and the theme leave behind for developers and translators: a fifth of the bytes."""
    unused = (site / "objects.inv", site / ".buildinfo", site / "_static" / "webpack-macros.html")
    for path in [*site.rglob("*.map"), *unused]:
        path.unlink(missing_ok=True)
    shutil.rmtree(site / "_static" / "locales", ignore_errors=True)


def _run_sphinx(source: Path, out: Path, doctrees: Path) -> None:
    """Make HTML of `source`; any warning is an error."""
    options = ["-b", "html", "-q", "-W", "--keep-going", "-c", str(Path(__file__).parent), "-d", str(doctrees)]
    command = [sys.executable, "-m", "sphinx", *options, str(source), str(out)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", errors="replace")
    if done.returncode != 0:
        raise CourseError(f"Sphinx could not build the site without complaints:\n{done.stderr.strip()}")
