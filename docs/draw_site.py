"""Takes the pictures of the documentation's site: `mkdocs build && python docs/draw_site.py`."""

import subprocess
import tempfile
from pathlib import Path

from PIL import Image

OUT = Path("docs/pictures")
# Chromium's windows have 500 pixels at least: a phone's width is an element of a page.
FRAME = """<body style="margin: 0">
<iframe src="{page}" width="{width}" height="{height}" style="border: 0"></iframe>"""
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--hide-scrollbars", "--allow-file-access-from-files"),
)


def take(page: str, width: int, height: int, dark: bool, out: Path):
    with tempfile.TemporaryDirectory() as folder:
        frame, shot = Path(folder) / "frame.html", Path(folder) / "shot.png"
        frame.write_text(
            FRAME.format(page=Path("site", page).resolve().as_uri(), width=width, height=height)
        )
        scheme = ["--blink-settings=preferredColorScheme=0"] if dark else []
        command = ["chromium", *FLAGS, *scheme, f"--user-data-dir={folder}/profile"]
        command += [f"--window-size={max(width, 500)},{height + 100}", f"--screenshot={shot}"]
        subprocess.run(
            [*command, "--virtual-time-budget=4000", frame.as_uri()],
            check=True,
            capture_output=True,
        )
        picture = Image.open(shot).convert("RGB").crop((0, 0, width, height))
    picture.quantize(256).save(out, optimize=True)


def main():
    take("methods/ada_atdt.html", 1280, 800, False, OUT / "site_wide.png")
    take("index.html", 390, 844, True, OUT / "site_narrow.png")


if __name__ == "__main__":
    main()
