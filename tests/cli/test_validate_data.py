"""`ugembed validate-data` through the real door."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner, Result

from tests.records.helpers import case, stage1, stage2, user, write_files, write_rows
from ugembed.cli.app import app
from ugembed.errors import StoreError, UgembedError

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


def ugembed(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ugembed", "validate-data", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=60, check=False)


def here(*arguments: object) -> Result:
    """The verb inside this process, which is quicker; a refusal is the result's exception."""
    return CliRunner().invoke(app, ["validate-data", *map(str, arguments)])


def test_sound_files_exit_0_with_a_summary_on_stdout() -> None:
    done = ugembed(EXAMPLES)
    assert done.returncode == 0, done.stderr
    assert "training rows" in done.stdout
    assert "no errors, 0 warning(s)" in done.stdout
    assert "Traceback" not in done.stderr


def test_every_problem_is_printed_on_one_line_with_place_code_and_hint(tmp_path: Path) -> None:
    folder = write_files(tmp_path)
    rows = write_rows(folder, b"{", stage1(images=["[bold]gone" + "x" * 150 + ".jpg"]), stage1(label=0))
    done = ugembed(rows)
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[0].startswith(f"{rows}:1: row: error[json-broken]: not JSON")
    assert lines[2].startswith(f"{rows}:2: images[0]: error[image-missing]: image '[bold]gonexxx")
    assert lines[2].endswith(f"looked under {folder}, .")
    assert lines[4] == f"{rows}:3: label: error[label-zero]: 0 would mark the query as a negative"
    assert all(lines[number].startswith("  hint: ") for number in (1, 3, 5))
    assert lines[-1] == "3 error(s), 0 warning(s)"
    assert "Traceback" not in done.stderr


def test_json_holds_the_whole_report(tmp_path: Path) -> None:
    folder = write_files(tmp_path)
    done = ugembed(write_rows(folder, stage1(label=0), stage1()), "--json", "--max-problems", 1)
    assert done.returncode == 1
    report = orjson.loads(done.stdout)
    assert report["errors"] == 1
    assert report["rows"] == {"training": 2}
    assert report["problems"][0]["code"] == "label-zero"


def test_a_run_file_flags_and_roots_are_taken(tmp_path: Path) -> None:
    folder = write_files(tmp_path)
    (tmp_path / "rows").mkdir()
    write_rows(tmp_path / "rows", stage1())
    (tmp_path / "run.yaml").write_text("paths: [rows]\nroots: [.]\n")
    assert ugembed("--config", "run.yaml", cwd=folder).returncode == 0
    (tmp_path / "elsewhere").mkdir()
    assert ugembed("rows", cwd=tmp_path / "rows").returncode == 1
    assert ugembed("rows.jsonl", "--root", tmp_path, "--images", "decode", cwd=tmp_path / "rows").returncode == 0
    assert ugembed("rows.jsonl", "--root", tmp_path / "elsewhere", cwd=tmp_path / "rows").returncode == 1


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["--fix-paths", "a=b", "."], 2, "error[fix-paths-out]: --fix-paths and --out go together"),
        ([".", "--html", "rows.jsonl"], 2, "error[html-name]: --html rows.jsonl: not the name of a page"),
        (["gone.jsonl"], 1, "error[file-missing]: no such file or folder: gone.jsonl"),
        ([], 2, "paths is required"),
        (["--set", "imges=none", "gone"], 2, "did you mean 'images'?"),
        (["gone", "--config", "gone.yaml"], 2, "error[config-missing]"),
        ([".", "--root", "gone"], 1, "error["),
        (["gone", "--max-problems", "0"], 2, "greater than 0"),
    ],
)
def test_a_wrong_call_is_one_message_and_no_traceback(
    tmp_path: Path, arguments: list[str], status: int, message: str
) -> None:
    done = ugembed(*arguments, cwd=tmp_path)
    assert done.returncode == status
    assert message in done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    assert done.stdout == ""


def test_of_one_code_in_one_file_the_first_five_are_shown(tmp_path: Path) -> None:
    folder = write_files(tmp_path)
    rows = write_rows(folder, *[stage1(label=0)] * 3, b"{", *[stage1(label=0)] * 4)
    other = write_rows(folder, *[stage1(label=0)] * 5, name="other.jsonl")
    lines = here(rows, other).stdout.splitlines()
    shown = [line.partition(": ")[0] for line in lines if "[label-zero]" in line]
    assert shown == [f"{rows}:{line}" for line in (1, 2, 3, 5, 6)] + [f"{other}:{line}" for line in range(1, 6)]
    assert lines.count("  … and 2 more like this (label-zero) in this file") == 1
    assert [line for line in lines if "more like this" in line] == [
        "  … and 2 more like this (label-zero) in this file"
    ]


def test_the_tables_tell_what_the_data_is(tmp_path: Path) -> None:
    folder = write_files(tmp_path)
    place = {"lon": 103.85, "lat": 1.3}
    rows = [stage2(place=place), stage1(), stage1(messages=user("<image>Which way is this?")), stage1(label=0)]
    write_rows(folder, *rows, name="train.jsonl")
    write_rows(folder, case(), name="bench.jsonl")
    done = here(folder)
    table = {cells[0].strip(): cells[1:] for line in done.stdout.splitlines() if (cells := line.split("│"))}
    told = {name: [cell.strip() for cell in cells] for name, cells in table.items()}
    assert told["training rows"] == ["4"]
    assert told["benchmark rows"] == ["1"]
    assert (told["accepted"], told["refused"]) == (["4"], ["1"])
    assert told["with a place"] == ["1"]
    assert told["stage1_image_only"][0] == "2"  # the sound ones
    assert told["geolocation"][:2] == ["1", "100.0 %"]
    assert told["pictures a row"] == ["1", "1", "1", "1"]
    assert "places of 1 row(s)" in done.stdout
    assert "longitude 103.8500 to 103.8500, latitude 1.3000 to 1.3000" in done.stdout


def test_strict_lets_warnings_count(tmp_path: Path) -> None:
    rows = write_rows(write_files(tmp_path), stage1(unheard_of=1))
    assert here(rows).exit_code == 0
    strict = here(rows, "--strict")
    assert strict.exit_code == 1
    assert "no errors, 1 warning(s)" in strict.stdout


def test_a_page_is_written_beside_the_screen(tmp_path: Path) -> None:
    rows = write_rows(write_files(tmp_path), stage1(label=0))
    done = here(rows, "--html", tmp_path / "pages" / "check.html")
    assert done.exit_code == 1
    assert "1 error(s), 0 warning(s)" in (tmp_path / "pages" / "check.html").read_text()
    assert f"page: {tmp_path / 'pages' / 'check.html'}" in done.stderr


def test_clean_copies_have_no_error_left_and_nothing_is_lost(tmp_path: Path) -> None:
    folder = write_files(tmp_path)
    sound = [orjson.dumps(stage1(id="1")) + b"  ", b" " + orjson.dumps(stage2()), orjson.dumps(stage1(id="2"))]
    broken = [b"{", b'{"\xff": 1}', orjson.dumps(stage1(id="1")), orjson.dumps(stage1(images=["gone.jpg"]))]
    file = write_rows(folder, sound[0], *broken[:2], sound[1], *broken[2:], b"", sound[2])
    before = file.read_bytes()
    done = here(file, "--write-clean", tmp_path / "clean")
    assert done.exit_code == 1
    assert f"7 rows = 3 clean + 4 rejected, in {tmp_path / 'clean'}" in done.stdout
    assert file.read_bytes() == before
    assert (tmp_path / "clean" / "rows.jsonl").read_bytes() == b"".join(row + b"\n" for row in sound)
    rejects = [orjson.loads(line) for line in (tmp_path / "clean" / "rejects.jsonl").read_bytes().splitlines()]
    assert [reject["line"] for reject in rejects] == [2, 3, 5, 6]
    assert [reject["problems"][0]["code"] for reject in rejects][2:] == ["id-duplicate", "image-missing"]
    assert rejects[3]["raw"] == broken[3].decode()
    again = here(tmp_path / "clean", "--root", folder, "--json")
    assert again.exit_code == 0, again.stdout
    report = orjson.loads(again.stdout)
    assert (report["errors"], report["rows"], report["accepted"]) == (0, {"training": 3}, 3)


def test_clean_copies_are_whole_although_few_problems_are_listed(tmp_path: Path) -> None:
    file = write_rows(write_files(tmp_path), *[stage1(label=0)] * 4, stage1())
    done = here(file, "--write-clean", tmp_path / "clean", "--max-problems", 1, "--json")
    clean = orjson.loads(done.stdout)["clean"]
    assert clean == {"out": str(tmp_path / "clean"), "rows": 5, "clean": 1, "rejected": 4}
    rejects = [orjson.loads(line) for line in (tmp_path / "clean" / "rejects.jsonl").read_bytes().splitlines()]
    assert [(reject["line"], reject["problems"][0]["code"]) for reject in rejects] == [
        (line, "label-zero") for line in range(1, 5)
    ]


def test_fixed_paths_are_checked_with_the_same_options(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    write_files(tmp_path / "images")
    file = write_rows(tmp_path, stage1(images=["/mydata/a.jpg"]), stage1(images=["/mydata/b.jpg"], label=0))
    before = file.read_bytes()
    command = [file, "--fix-paths", "/mydata=images", "--out", tmp_path / "new"]
    done = here(*command, "--root", tmp_path)
    assert done.exit_code == 1
    assert "1 error(s), 0 warning(s)" in done.stdout
    assert f"{tmp_path / 'new' / 'rows.jsonl'}:2: label: error[label-zero]" in done.stdout
    assert file.read_bytes() == before
    assert (tmp_path / "new" / "rows.jsonl").read_bytes() == before.replace(b"/mydata/", b"images/")
    again = here(*command).exception
    assert isinstance(again, StoreError)
    assert again.code == "output-exists"


def test_fixed_paths_and_clean_copies_go_together(tmp_path: Path) -> None:
    folder = write_files(tmp_path)
    file = write_rows(folder, stage1(images=["x/a.jpg"]), stage1(images=["y/gone.jpg"]))
    out, clean = tmp_path / "new", tmp_path / "clean"
    done = here(file, "--fix-paths", "*=", "--out", out, "--write-clean", clean, "--root", folder, "--json")
    report = orjson.loads(done.stdout)
    assert report["rewritten"]["rows_changed"] == 2
    assert report["rewritten"]["by_rule"] == {"*=": 2}
    assert report["clean"]["clean"] == 1
    assert orjson.loads((clean / "rows.jsonl").read_bytes())["images"] == ["a.jpg"]


def test_names_that_became_one_are_a_warning(tmp_path: Path) -> None:
    other = stage1(images=["y/a.jpg"], messages=user("<image>Which way is this?"))
    file = write_rows(write_files(tmp_path), stage1(images=["x/a.jpg"]), other)
    command = [file, "--fix-paths", "*=", "--root", tmp_path, "--out"]
    done = here(*command, tmp_path / "new")
    assert "warning[fix-paths-merged]: 1 name(s)" in done.stdout
    assert "'x/a.jpg' and 'y/a.jpg' became 'a.jpg'" in done.stdout
    assert "no errors, 1 warning(s)" in done.stdout
    assert done.exit_code == 0
    assert here(*command, tmp_path / "strict", "--strict").exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--out", "new"], "fix-paths-out"),
        (["--fix-paths", "a", "--out", "new"], "fix-paths-broken"),
        (["--fix-paths", "a=b", "--out", "new"], "fix-paths-nothing"),
        (["--fix-paths", "a=b", "--out", "new", "gone"], "file-missing"),
        (["--write-clean", "taken"], "output-exists"),
    ],
)
def test_a_wrong_call_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: str
) -> None:
    monkeypatch.chdir(write_files(tmp_path))
    (tmp_path / "taken").mkdir()
    write_rows(tmp_path / "taken", stage1())
    before = sorted(tmp_path.rglob("*"))
    refusal = here("taken/rows.jsonl", *arguments).exception
    assert isinstance(refusal, UgembedError)
    assert refusal.code == code
    assert refusal.hint
    assert sorted(tmp_path.rglob("*")) == before


def test_graphs_alone_leave_no_clean_copy(tmp_path: Path) -> None:
    refusal = here(write_files(tmp_path) / "a.json", "--write-clean", tmp_path / "clean").exception
    assert isinstance(refusal, UgembedError)
    assert refusal.code == "write-clean-nothing"
    assert not (tmp_path / "clean").exists()
