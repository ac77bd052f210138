"""Run every notebook by itself in an empty folder, and print the minutes of each and of its slowest cell.

    python benchmarks/notebooks.py             # the solutions and the learners' copies, from an empty cache
    python benchmarks/notebooks.py 03 04       # only these chapters
    python benchmarks/notebooks.py --write     # and keep the times in notebook_times.json, and write them where they are told
    python benchmarks/notebooks.py --tell      # run nothing: only write what notebook_times.json holds where it is told

They are told in the opening cell of each notebook (both copies), in the table of chapters of 00, in docs/instructors.md and in the README.
Run on the idle machine. Where there is a GPU the notebooks use it, and its times are kept beside those without.
How long it takes to work through a notebook is an estimate, from its words, questions and exercises; see `working_minutes`.
Exits with 1 if a notebook fails.
"""

import argparse
import json
import os
import platform
import re
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import nbformat

PROJECT = Path(__file__).parents[1]
NOTEBOOKS = PROJECT / "notebooks"
RECORD = Path(__file__).with_name("notebook_times.json")
GUIDE = PROJECT / "docs" / "instructors.md"
README = PROJECT / "README.md"


def run(path: Path) -> tuple[float, float, str]:
    """Execute one notebook in an empty folder; return its seconds, those of its slowest cell, and that cell's first line."""
    from nbclient import NotebookClient

    notebook = nbformat.read(path, 4)
    slowest = (0.0, "")
    with tempfile.TemporaryDirectory(prefix="empty folder ") as folder:
        client = NotebookClient(notebook, timeout=600, resources={"metadata": {"path": folder}})
        started = time.perf_counter()
        with client.setup_kernel():
            for index, cell in enumerate(notebook.cells):
                began = time.perf_counter()
                client.execute_cell(cell, index)
                if cell.cell_type == "code":
                    slowest = max(slowest, (time.perf_counter() - began, cell.source.splitlines()[0]))
        return time.perf_counter() - started, *slowest


def run_all(chapters: list[str]) -> tuple[dict[str, dict], int]:
    """Run both copies of the chapters; return the times of the solutions, which have more to compute, and how many failed."""
    from nbclient.exceptions import CellExecutionError

    times, failed = {}, 0
    print("| notebook | seconds | slowest cell, seconds | its first line |\n| --- | --- | --- | --- |")
    for path in sorted([*NOTEBOOKS.glob("*.ipynb"), *NOTEBOOKS.glob("solutions/*.ipynb")], key=lambda path: (path.parent.name, path.name)):
        if chapters and path.stem[:2] not in chapters:
            continue
        # An empty cache for each, so that no notebook lives on what another one has drawn.
        with tempfile.TemporaryDirectory() as cache:
            os.environ["MASKKIT_CACHE"] = cache
            try:
                seconds, cell_seconds, line = run(path)
            except CellExecutionError as error:
                failed += 1
                print(f"| {path.relative_to(NOTEBOOKS)} | failed | | {str(error).strip().splitlines()[-1]} |", flush=True)
                continue
        print(f"| {path.relative_to(NOTEBOOKS)} | {seconds:.0f} | {cell_seconds:.0f} | `{line[:70]}` |", flush=True)
        if path.parent.name == "solutions":
            times[path.stem] = {"seconds": round(seconds), "slowest_cell_seconds": round(cell_seconds), "slowest_cell": line[:70]}
    return times, failed


def device() -> tuple[str, str]:
    """Under which key the times are kept, and the machine in words."""
    import torch

    if torch.cuda.is_available():
        return "gpu", torch.cuda.get_device_name()
    return "cpu", f"{os.cpu_count()} cores, {platform.system()} on {platform.machine()}, Python {platform.python_version()}"


def read_record() -> dict:
    return json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.exists() else {}


def keep(times: dict[str, dict]) -> None:
    """Put new times into the record, beside those of chapters that were not run."""
    record, (key, machine) = read_record(), device()
    before = record.get(key, {})
    record[key] = {"date": date.today().isoformat(), "machine": machine, "notebooks": {**before.get("notebooks", {}), **times}}
    write_record(record)


def write_record(record: dict) -> None:
    RECORD.write_text(json.dumps(record, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")


# --- in words ------------------------------------------------------------------------------------------------------


def in_words(seconds: float) -> str:
    """A measured time as it is told: "about half a minute"; another machine may be half as fast, so there is no point in more."""
    if seconds < 45:
        return "about half a minute"
    minutes = round(seconds / 60)
    return "about 1 minute" if minutes == 1 else f"about {minutes} minutes"


def working_minutes(notebook: nbformat.NotebookNode) -> tuple[int, int]:
    """Estimate of the minutes that it takes to work through a notebook, from fast to slow, in steps of five.

    Reading at 220 to 140 words a minute, code included; a quarter to three quarters of a minute for each prediction;
    3 to 7 minutes for each exercise.
    """
    cells = [cell for cell in notebook.cells if "solution" not in cell.metadata.get("tags", [])]
    words = sum(len(cell.source.split()) for cell in cells)
    predictions = sum(cell.source.count("**Predict") for cell in cells)
    exercises = sum("exercise" in cell.metadata.get("tags", []) for cell in cells)
    fast, slow = (words / rate + predictions * each + exercises * per for rate, each, per in ((220, 0.25, 3), (140, 0.75, 7)))
    return int(fast // 5 * 5), int(-(-slow // 5) * 5)


def time_line(name: str, record: dict) -> str:
    """The line of the opening cell that begins with **Time:**."""
    low, high = record["working_minutes"][name]
    run_all_takes = in_words(record["cpu"]["notebooks"][name]["seconds"])
    text = f"**Time:** {low} to {high} minutes to work through (an estimate). Run All takes {run_all_takes} on a laptop with two cores"
    gpu = record.get("gpu", {}).get("notebooks", {}).get(name)
    return text + (f", {in_words(gpu['seconds'])} with a GPU" if gpu else "") + " (measured)."


def table_row(name: str, record: dict) -> str:
    """The row of a notebook in the guide's table of times."""
    times, (low, high) = record["cpu"]["notebooks"][name], record["working_minutes"][name]
    gpu = record.get("gpu", {}).get("notebooks", {}).get(name)
    slowest = f"{times['slowest_cell_seconds']} s, `{times['slowest_cell']}`" if times.get("slowest_cell") else "not measured yet"
    on_gpu = f"{gpu['seconds']} s" if gpu else "not measured yet"
    return f"| {name[:2]} | {low} to {high} | {times['seconds']} s | {on_gpu} | {slowest} |"


def table(record: dict) -> str:
    machines = "; ".join(f"{key.upper()}: {record[key]['machine']}, {record[key]['date']}" for key in ("cpu", "gpu") if key in record)
    head = "| notebook | minutes to work through (estimate) | Run All, CPU | Run All, GPU | slowest cell (CPU) |\n" + "| --- " * 5 + "|"
    rows = "\n".join(table_row(name, record) for name in sorted(record["cpu"]["notebooks"]))
    return f"{head}\n{rows}\n\nMeasured by `make bench-notebooks`, each notebook from an empty cache ({machines})."


# --- where it is told ----------------------------------------------------------------------------------------------


def told_in_notebook(notebook: nbformat.NotebookNode, name: str, record: dict) -> None:
    """Set the times in the opening cell; in 00 also in the table of chapters."""
    line, opening = time_line(name, record), notebook.cells[0]
    opening.source = re.sub(r"\*\*Time:\*\*.*?(?=\n\*\*|\n\n|\Z)", lambda _: line, opening.source, flags=re.DOTALL)
    for cell in notebook.cells if name.startswith("00") else ():
        cell.source = re.sub(r"^(\| \[?(\d\d) · [^|]*\|[^|]*\|)[^|\n]*\|[^|\n]*\|$", lambda row: _chapter_row(row, record), cell.source, flags=re.MULTILINE)


def _chapter_row(row: re.Match, record: dict) -> str:
    name = next((name for name in record["cpu"]["notebooks"] if name.startswith(row[2])), None)
    if name is None:
        return row[0]
    low, high = record["working_minutes"][name]
    return f"{row[1]} {low} to {high} | {in_words(record['cpu']['notebooks'][name]['seconds'])} |"


def told_in_guide(text: str, record: dict) -> str:
    return re.sub(r"(<!-- times -->\n).*?(\n<!-- /times -->)", lambda m: m[1] + table(record) + m[2], text, flags=re.DOTALL)


def told_in_readme(text: str, record: dict) -> str:
    """The last two columns of the README's table of lessons, minutes and seconds, and how many hours all of them take."""
    columns = {name[:2]: f"{' to '.join(map(str, record['working_minutes'][name]))} | {times['seconds']}" for name, times in record["cpu"]["notebooks"].items()}
    text = re.sub(r"^(\| \[(\d\d) .*\|) [^|]* \| \d+ \|$", lambda m: f"{m[1]} {columns[m[2]]} |" if m[2] in columns else m[0], text, flags=re.MULTILINE)
    fast, slow = map(sum, zip(*record["working_minutes"].values()))
    return re.sub(r"\d+ to \d+ hours", f"{fast // 60} to {-(-slow // 60)} hours", text)


def tell() -> None:
    """Estimate the working times anew, and write the record into notebooks, guide and README; what does not change is not written."""
    record = read_record()
    for name in record["cpu"]["notebooks"]:
        solution = nbformat.read(NOTEBOOKS / "solutions" / f"{name}.ipynb", 4)
        record.setdefault("working_minutes", {})[name] = working_minutes(solution)
    write_record(record)
    for path in (folder / f"{name}.ipynb" for name in record["cpu"]["notebooks"] for folder in (NOTEBOOKS / "solutions", NOTEBOOKS)):
        notebook = nbformat.read(path, 4)
        before = nbformat.writes(notebook)
        told_in_notebook(notebook, path.stem, record)
        if nbformat.writes(notebook) != before:
            nbformat.write(notebook, path)
    for path, told in ((GUIDE, told_in_guide), (README, told_in_readme)):
        path.write_text(told(path.read_text(encoding="utf-8"), record), encoding="utf-8", newline="\n")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("chapters", nargs="*", help="such as 03 04; all by default")
    parser.add_argument("--write", action="store_true", help="keep the times, and write them where they are told")
    parser.add_argument("--tell", action="store_true", help="run nothing; write the times that were kept where they are told")
    args = parser.parse_args()
    failed = 0
    if not args.tell:
        print(f"{date.today()}, {device()[1]}\n")
        times, failed = run_all(args.chapters)
        if args.write:
            keep(times)
    if args.tell or args.write:
        tell()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
