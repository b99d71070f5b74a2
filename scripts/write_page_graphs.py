"""Write the graphs of the static page for the bundled model: `src/tinct/web/local/graphs.tar.xz`.

Run it again when the graphs of `tinct.graphs` or the description of the bundled model change; a test compares them. It needs the extra
``train``. The same graphs give the same bytes.
"""

from __future__ import annotations

import io
import json
import lzma
import tarfile

from tinct.runtime.spec import DEFAULT_MODEL, check_pair, find
from tinct.web.static_site import GRAPH_SPEC, GRAPHS, graph_spec, made_graphs


def main() -> None:
    """Pack the graphs and what they depend on."""
    spec, _ = check_pair(find(DEFAULT_MODEL))
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, data in {GRAPH_SPEC: json.dumps(graph_spec(spec)).encode(), **made_graphs(spec)}.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    GRAPHS.write_bytes(lzma.compress(packed.getvalue(), preset=9 | lzma.PRESET_EXTREME))
    print(f"{GRAPHS.name}: {GRAPHS.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
