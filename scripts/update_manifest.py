"""Refresh the sizes and checksums in `data/manifest.csv`, and name the files that have no row there.

    python scripts/update_manifest.py

Run it after a file under `data/` was made or changed. What a file is, where it comes from and its licence
are for a person to write: add the row with the last two columns empty, and this script fills them in. It
ends with exit code 1 while a file lacks a row, or a row lacks its file or its text.
"""

import csv
import io
import sys
from pathlib import Path

from course_utils.files import DATA, sha256, write_atomically

COLUMNS = ["file", "what", "source", "licence", "bytes", "sha256"]
UNLISTED = {"manifest.csv", "README.md"}


def files_in(data: Path) -> list[str]:
    """Return the files under `data` that need a row, as sorted paths with forward slashes."""
    paths = (path.relative_to(data) for path in data.rglob("*") if path.is_file())
    kept = (path for path in paths if path.parts[0] != "downloads" and not path.name.startswith("."))
    return sorted({path.as_posix() for path in kept} - UNLISTED)


def read_rows(data: Path) -> list[dict[str, str]]:
    """Return the rows of the manifest in `data`; a column that is missing in a row is an empty text."""
    with (data / "manifest.csv").open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, restval="")
        return [{column: row.get(column, "") for column in COLUMNS} for row in rows]


def complaints(data: Path, rows: list[dict[str, str]]) -> list[str]:
    """Return one line for each file without a row and each row without its file or its text."""
    listed = [row["file"] for row in rows]
    present = files_in(data)
    missing = [file for file in present if file not in listed]
    lines = [f"{file}: no row; add `{file},WHAT,SOURCE,LICENCE,,` and run this again" for file in missing]
    gone = [file for file in listed if file not in present]
    lines += [f"{file}: no such file; remove its row, or make the file" for file in gone]
    lines += [f"{file}: has more than one row" for file in sorted(set(listed)) if listed.count(file) > 1]
    for row in rows:
        blank = [column for column in ("what", "source", "licence") if not row[column]]
        lines += [f"{row['file']}: its column {column} is empty" for column in blank]
    return lines


def refresh(data: Path, rows: list[dict[str, str]]) -> list[str]:
    """Bring bytes and sha256 in `rows` up to date with the files in `data`; return the files that changed."""
    changed = []
    for row in rows:
        path = data / row["file"]
        if not path.is_file():
            continue
        content = path.read_bytes()
        found = {"bytes": str(len(content)), "sha256": sha256(content)}
        if not found.items() <= row.items():
            row.update(found)
            changed.append(row["file"])
    return changed


def as_csv(rows: list[dict[str, str]]) -> bytes:
    """Return the manifest as the content of a file: the same on every system, sorted by file."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(sorted(rows, key=lambda row: row["file"]))
    return text.getvalue().encode()


def main(data: Path = DATA) -> int:
    """Rewrite the manifest in `data`, print what changed and what is amiss, and return the exit code."""
    rows = read_rows(data)
    for file in refresh(data, rows):
        print(f"{file}: bytes and sha256 refreshed")
    write_atomically(data / "manifest.csv", as_csv(rows))
    amiss = complaints(data, rows)
    for line in amiss:
        print(line)
    return 1 if amiss else 0


if __name__ == "__main__":
    sys.exit(main())
