"""Make a folder that installs and runs without a network: all wheels, the scenarios, the area, and how to start.

python tools/bundle.py            # build/displacement-windows, for 64-bit Windows, resolved from its own wheels
python tools/bundle.py --try      # build/displacement-here: the same for this machine, installed offline and run

Versions are those of the environment that runs this, so what is bundled is what is tested.
"""

from __future__ import annotations

import math
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from string import Template

import platforms
import wheels

ROOT = Path(__file__).parents[1]
TEXTS = Path(__file__).parent / "windows"
BUILD = ROOT / "build"
NAME = "displacement-estimator"
COPIED = ("scenarios", "data/nw_syria", "LICENSE", "MODEL_CARD.md")
SCENARIO = "aleppo_2024.yaml"
INSTALLER = "3.12.10"
"""The last version of that Python for which there is an installer."""
EMPTY = 30_000_000
"""What an environment takes beside the wheels: pip, and modules compiled when first used. [byte]"""
LONGEST_PATH = 259
"""Letters that a path may have on Windows as it is set up."""
SITE = len(r"\.venv\Lib\site-packages\ ".rstrip())


def bundle(platform: platforms.Platform) -> Path:
    """Make the folder of a platform anew, the whole of it or none, and say how large it is."""
    folder = BUILD / f"displacement-{platform.name}"
    unfinished = folder.with_name(f"{folder.name}-unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    fill(unfinished / "wheels", platform)
    check(unfinished / "wheels", platform)
    copy(unfinished)
    if platform is platforms.WINDOWS:
        write_texts(unfinished, wheels.read(unfinished / "wheels"))
    if folder.exists():
        shutil.rmtree(folder)
    unfinished.rename(folder)
    size = megabytes(folder_size(folder))
    print(
        f"{folder.relative_to(ROOT)}: {size} MB, resolved offline for Python {platform.python} on {platform.tags[0]}"
    )
    return folder


def fill(folder: Path, platform: platforms.Platform) -> None:
    """Build the package without its compiled part, and download what it needs on the platform."""
    folder.mkdir(parents=True)
    pure = ["-C", "wheel.cmake=false", "-C", "wheel.py-api=py3"]
    pip("wheel", "--no-deps", "--wheel-dir", folder, *pure, ROOT)
    own = wheels.read(folder)[NAME]
    if wheels.compiled(own):
        sys.exit(f"{own.path.name} is to run anywhere and holds {', '.join(wheels.compiled(own))}")
    versions = BUILD / "bundle-versions.txt"
    versions.write_text("\n".join(installed_versions()), encoding="utf-8")
    source = ["--constraint", versions, "--dest", folder, *platforms.options(platform)]
    pip("download", *source, own.path)
    needed, missing = wheels.reach(wheels.read(folder), NAME, platform.markers)
    while missing:
        for requirement in missing:
            requirement.marker = None
        pip("download", "--no-deps", *source, *missing)
        needed, missing = wheels.reach(wheels.read(folder), NAME, platform.markers)
    for wheel in wheels.read(folder).values():
        if wheel.name not in needed:
            wheel.path.unlink()


def installed_versions() -> list[str]:
    """What this environment holds, as constraints for pip."""
    found = {(each.name, each.version) for each in metadata.distributions() if each.name != NAME}
    return [f"{name}=={version}" for name, version in sorted(found)]


def check(folder: Path, platform: platforms.Platform) -> None:
    """Let pip resolve the package from the folder alone."""
    alone = ["--no-index", "--find-links", folder, "--target", BUILD / "bundle-never", "--dry-run"]
    pip("install", "--ignore-installed", *alone, *platforms.options(platform), NAME, offline=True)


def copy(folder: Path) -> None:
    """Copy what a run reads, so that paths from a scenario to its area hold."""
    for name in COPIED:
        source, target = ROOT / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", ".*", "runs"))
        else:
            shutil.copyfile(source, target)


def write_texts(folder: Path, found: Mapping[str, wheels.Wheel]) -> None:
    """Write `run.bat` and `README.txt` with the lines of Windows, and the size of all that is there by then."""
    size = folder_size(folder)
    installed = sum(wheel.installed for wheel in found.values()) + EMPTY
    longest = max(len(name) for wheel in found.values() for name in wheel.files)
    values = {
        "name": NAME,
        "version": found[NAME].version,
        "scenario": SCENARIO,
        "python": platforms.WINDOWS.python,
        "python_tuple": platforms.WINDOWS.python.replace(".", ", "),
        "installer": INSTALLER,
        "folder_mb": megabytes(size),
        "installed_mb": megabytes(installed),
        "room": LONGEST_PATH - SITE - longest,
        "count": len(found) - 1,
        "versions": "\n".join(f"  {wheel.name} {wheel.version}" for wheel in found.values()),
    }
    for name in ("run.bat", "README.txt"):
        text = Template((TEXTS / name).read_text(encoding="ascii")).substitute(values)
        (folder / name).write_text(text, encoding="ascii", newline="\r\n")


def folder_size(folder: Path) -> int:
    """What all files below a folder take. [byte]"""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def megabytes(size: int) -> int:
    """Millions of bytes, rounded up."""
    return math.ceil(size / 1e6)


def pip(*arguments: object, offline: bool = False, python: Path = Path(sys.executable)) -> None:
    """Run pip; offline without any setting of this machine, which may name other folders of wheels."""
    settings = {"PIP_CONFIG_FILE": os.devnull} if offline else {}
    alone = ["--isolated"] if offline else []
    quiet = ["--quiet", "--disable-pip-version-check"]
    run([python, "-m", "pip", *map(str, arguments), *alone, *quiet], settings)


def run(words: Sequence[str | Path], settings: dict[str, str], folder: Path = ROOT) -> None:
    """Run a program with nothing of this source on its path, and stop where it fails."""
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    if subprocess.run(words, env=kept | settings, cwd=folder, check=False).returncode:
        sys.exit(f"failed: {' '.join(map(str, words))}")


def try_out(folder: Path) -> None:
    """Do what `run.bat` does, on this machine: an environment of its own, without an index, and a run."""
    run([sys.executable, "-m", "venv", folder / ".venv"], {})
    own = folder / ".venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
    pip(
        "install",
        "--no-compile",
        "--no-index",
        "--find-links",
        folder / "wheels",
        NAME,
        offline=True,
        python=own,
    )
    run([own, "-m", "displacement.cli", "run", "scenarios/minimal.yaml"], {}, folder)


if __name__ == "__main__":
    if sys.argv[1:] == ["--try"]:
        try_out(bundle(platforms.here()))
    else:
        bundle(platforms.WINDOWS)
