"""The folder for Windows: what starts it, what it says, and what is in it. Nothing is downloaded here."""

import importlib
import re
import zipfile
from pathlib import Path

import pytest

from displacement.scenario.load import load

ROOT = Path(__file__).parents[1]
REQUIRES = {
    "displacement-estimator": ["reader>=2", "bars; extra == 'fancy'"],
    "reader": ["zones; sys_platform == 'win32'", "forks; sys_platform != 'win32'", "plot[fancy]>=1"],
    "plot": ["colours; extra == 'fancy'", "unused; extra == 'plain'"],
}


@pytest.fixture(scope="module")
def tools():
    """The modules `bundle` and `wheels`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "tools")
        yield importlib.import_module("bundle"), importlib.import_module("wheels")


def write_wheel(folder, name, version="2.0", requires=(), files=()):
    """A wheel of empty files."""
    stem = f"{name.replace('-', '_')}-{version}"
    folder.mkdir(parents=True, exist_ok=True)
    head = [f"Name: {name}", f"Version: {version}", *(f"Requires-Dist: {each}" for each in requires)]
    with zipfile.ZipFile(folder / f"{stem}-py3-none-any.whl", "w") as archive:
        archive.writestr(f"{stem}.dist-info/METADATA", "\n".join(["Metadata-Version: 2.1", *head]))
        for each in files:
            archive.writestr(each, "1" * 1_000_000)


@pytest.fixture(scope="module")
def folder(tools, tmp_path_factory):
    """What is written without a network, in a folder whose name has spaces."""
    bundle, wheels = tools
    folder = tmp_path_factory.mktemp("a stick") / "to take along"
    write_wheel(folder / "wheels", bundle.NAME, "0.1.0", files=["displacement/" + "n" * 40 + ".py"])
    write_wheel(folder / "wheels", "reader", files=["reader/__init__.py"])
    bundle.copy(folder)
    bundle.write_texts(folder, wheels.read(folder / "wheels"))
    return folder


@pytest.fixture(scope="module")
def script(folder):
    """`run.bat`, line by line."""
    return (folder / "run.bat").read_bytes().decode("ascii").split("\r\n")


@pytest.mark.parametrize("name", ["run.bat", "README.txt"])
def test_texts_for_windows_are_ascii_have_its_line_ends_and_no_blank_left_to_fill(folder, name):
    text = (folder / name).read_bytes().decode("ascii")
    assert text.count("\r\n") == text.count("\n") == text.count("\r") > 20
    assert "$" not in text


def test_the_script_has_every_path_in_quotes(script):
    for line in script:
        bare = re.sub(r'"[^"]*"', "", line)
        if not line.startswith(("rem ", "echo ")):
            assert not re.search(r"%~|%scenario%|%own%|\\", bare), line


def test_the_script_names_no_folder_of_one_computer_and_goes_to_its_own(script):
    assert not [line for line in script if re.search(r"\b[A-Za-z]:\\|/home/|/tmp/|https?:", line)]
    moved = script.index('pushd "%~dp0"')
    # The name as typed is made whole before the folder changes.
    assert script.index('set "scenario=%~f1"') < moved


def test_every_jump_of_the_script_has_its_mark_and_every_end_waits(script):
    jumps = {found[1] for line in script if (found := re.search(r"goto (\w+)", line))}
    marks = {line[1:] for line in script if line.startswith(":")}
    assert jumps <= marks
    end = script.index(":end")
    assert script[end:] == [":end", "echo.", "pause", "exit /b %code%", ""]
    assert not [line for line in script[:end] if line.startswith("exit")]


def test_the_script_installs_from_the_folder_alone_and_runs_the_module_not_a_launcher(script):
    [install] = [line for line in script if " -m pip " in line]
    assert '--no-index --find-links "wheels" displacement-estimator' in install
    # Launchers in Scripts hold the path at which they were made; a stick gets another letter.
    assert not [line for line in script if "displacement.exe" in line]
    assert [line for line in script if line.startswith('"%own%" -m displacement.cli run "%scenario%"')]


def test_the_scenario_that_starts_by_itself_and_all_others_find_their_area_in_the_folder(folder, script):
    named = [line for line in script if line.startswith('if "%~1"==""')]
    assert named == ['if "%~1"=="" set "scenario=scenarios\\aleppo_2024.yaml"']
    for name in ("aleppo_2024.yaml", "minimal.yaml", "backtests/nw_2019_12.yaml"):
        area = load(folder / "scenarios" / name).area_folder
        assert area == (folder / "data" / "nw_syria").resolve()


def test_all_tables_of_the_area_and_the_licence_are_copied(folder):
    for path in [*(ROOT / "data" / "nw_syria").iterdir(), ROOT / "LICENSE"]:
        assert (folder / path.relative_to(ROOT)).read_bytes() == path.read_bytes()


def test_the_readme_states_sizes_what_is_missing_and_versions(tools, folder):
    bundle, _ = tools
    text = (folder / "README.txt").read_text(encoding="ascii")
    stated = int(re.search(r"(\d+) MB for this folder", text)[1])
    assert stated - 1 <= bundle.folder_size(folder) / 1e6 <= stated + 0.1
    # Two files of 1 MB, what describes the wheels, and the environment itself.
    assert "and 33 MB more" in text
    assert "Python 3.12, 64 bits, no other. It is not in this folder" in text
    assert "  displacement-estimator 0.1.0\n  reader 2.0\n" in text
    # 259, less \.venv\Lib\site-packages\ (25), displacement/ (13), 40 letters and .py
    assert f"at most {259 - 25 - 13 - 40 - 3} letters" in text


def test_what_only_windows_needs_is_missed_for_windows_alone(tools, tmp_path):
    bundle, wheels = tools
    for name, requires in REQUIRES.items():
        write_wheel(tmp_path, name, requires=requires)
    found = wheels.read(tmp_path)
    needed, missing = wheels.reach(found, bundle.NAME, bundle.platforms.WINDOWS.markers)
    assert needed == set(REQUIRES)
    assert sorted(each.name for each in missing) == ["colours", "zones"]
    _, elsewhere = wheels.reach(
        found, bundle.NAME, {**bundle.platforms.WINDOWS.markers, "sys_platform": "linux"}
    )
    assert sorted(each.name for each in elsewhere) == ["colours", "forks"]


def test_a_version_that_does_not_do_is_missing(tools, tmp_path):
    bundle, wheels = tools
    write_wheel(tmp_path, bundle.NAME, requires=["reader>=2"])
    write_wheel(tmp_path, "reader", "1.9")
    needed, missing = wheels.reach(wheels.read(tmp_path), bundle.NAME, bundle.platforms.WINDOWS.markers)
    assert needed == {bundle.NAME}
    assert [str(each) for each in missing] == ["reader>=2"]


@pytest.mark.parametrize(
    "name", ["_travel.abi3.so", "_travel.pyd", "_travel.cpython-312-x86_64-linux-gnu.so"]
)
def test_a_compiled_file_in_a_wheel_is_noticed(tools, tmp_path, name):
    _, wheels = tools
    write_wheel(tmp_path, "one", files=[f"displacement/kernels/{name}", "displacement/kernels/_travel.pyi"])
    [wheel] = wheels.read(tmp_path).values()
    assert wheels.compiled(wheel) == [f"displacement/kernels/{name}"]


@pytest.mark.slow
def test_our_own_wheel_and_all_it_needs_install_offline_and_run_here(tools):
    """Downloads; the folder and its environment stay in build/."""
    bundle, wheels = tools
    folder = bundle.bundle(bundle.platforms.here())
    own = wheels.read(folder / "wheels")[bundle.NAME]
    assert own.path.name.endswith("-py3-none-any.whl")
    assert wheels.compiled(own) == []
    bundle.try_out(folder)
    assert "newly" in (folder / "runs" / "minimal" / "share" / "summary.md").read_text(encoding="utf-8")
