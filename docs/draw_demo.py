"""Takes the pictures of `adaat-keras demo`: `python docs/draw_demo.py`, with playwright."""

import shutil
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from adaat_keras.demo.page import serve

OUT = Path("docs/pictures")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]


def main():
    address = serve("streets_depth_to_semantic_small", block=False)
    with sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        for name, width, height in (("wide", 1180, 800), ("narrow", 390, 844)):
            context = chromium.new_context(viewport={"width": width, "height": height})
            page = context.new_page()
            page.goto(address)
            page.get_by_role("tab", name="Frame of a domain").click()
            page.fill("#number input", "3")
            page.click("#show")
            page.wait_for_selector("#attention_2 img", timeout=300_000)
            # Pictures fade in.
            page.wait_for_timeout(1500)
            path = OUT / f"demo_{name}.png"
            page.screenshot(path=path, full_page=True)
            context.close()
            Image.open(path).convert("RGB").quantize(256).save(path, optimize=True)
        chromium.close()


if __name__ == "__main__":
    main()
