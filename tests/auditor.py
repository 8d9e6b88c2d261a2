"""The accessibility auditor axe-core, from npm, and what it finds serious."""

import shutil
import subprocess

import pytest

from conftest import missing

AXE = "4.14.1"


@pytest.fixture(scope="module")
def axe(tmp_path_factory):
    npm = shutil.which("npm")
    if npm is None:
        missing("npm, which brings axe-core,")
    folder = tmp_path_factory.mktemp("axe")
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(folder)]
    done = subprocess.run(
        [npm, "install", *options, f"axe-core@{AXE}"], capture_output=True, text=True, encoding="utf-8", cwd=folder
    )
    assert done.returncode == 0, done.stderr
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


def serious(page, axe, where, but=()):
    """Return what the auditor finds serious or critical below the selector `where`, `but` for what is in these."""
    found = _audit(page, axe, where, but, {})
    assert len(found["passes"]) > 10
    return _listed(found)


def illegible(page, axe, where, but=()):
    """Return what has too little contrast: all of an audit that depends on the theme."""
    found = _audit(page, axe, where, but, {"runOnly": ["color-contrast"]})
    assert len(found["passes"]) == 1
    return _listed(found)


def _audit(page, axe, where, but, options):
    page.evaluate(axe)
    scope = {"include": [where], "exclude": list(but)}
    options = {"resultTypes": ["violations"], "preload": False, **options}
    return page.evaluate("([scope, options]) => axe.run(scope, options)", [scope, options])


def _listed(found):
    return [
        (finding["id"], finding["impact"], node["html"][:120], node["failureSummary"])
        for finding in found["violations"]
        for node in finding["nodes"]
        if finding["impact"] in ("serious", "critical")
    ]
