"""Write `manifest.json` of an area folder: source, licence, date and hash of each file.

    python tools/manifest.py data/nw_syria

Sources and licences come from `sources.yaml` in the folder; a file that it does not name is an error.
"""

from __future__ import annotations

import sys
from pathlib import Path

from displacement.io.documents import read_document
from displacement.io.folders import write_json
from displacement.io.provenance import sha256


def main(folder: Path) -> None:
    about = read_document(folder / "sources.yaml").data
    files = sorted(path for path in folder.iterdir() if path.name not in ("manifest.json", "sources.yaml"))
    unknown = [path.name for path in files if path.name not in about]
    if unknown:
        sys.exit(f"sources.yaml does not name {', '.join(unknown)}")
    entries = {path.name: {**about[path.name], "sha256": sha256(path)} for path in files}
    write_json(folder / "manifest.json", {"files": entries})


if __name__ == "__main__":
    main(Path(sys.argv[1]))
