"""Files of the four data sets made by hand, without the package's writers."""

import json
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

SIZE = (4, 6)


def write(path, pixels) -> Path:
    """Write an array as PNG with Pillow, making its folder."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(pixels)).save(path)
    return path


def raw_png(path, width, height, bits, color, rows: bytes) -> Path:
    """Write a PNG from its chunks; `rows` hold each row's filter byte and samples."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, bits, color, 0, 0, 0)
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )
    return path


def cut(path) -> None:
    """Cut a file in half."""
    data = Path(path).read_bytes()
    Path(path).write_bytes(data[: len(data) // 2])


def grey(value, dtype="uint8", size=SIZE) -> np.ndarray:
    return np.full(size, value, dtype)


def color(*values, size=SIZE) -> np.ndarray:
    return np.full((*size, len(values)), values, "uint8")


def cityscapes(root, split="train", name="ulm_000000_000019", ids=7, pixel=257) -> dict[str, Path]:
    """One frame of Cityscapes: road everywhere, at the depth of a camera with 2000 px and 0.2 m."""
    city = f"{split}/{name.split('_')[0]}/{name}"
    camera = Path(root) / f"camera/{city}_camera.json"
    camera.parent.mkdir(parents=True, exist_ok=True)
    camera.write_text(json.dumps({"extrinsic": {"baseline": 0.2}, "intrinsic": {"fx": 2000.0}}))
    return {
        "image": write(f"{root}/leftImg8bit/{city}_leftImg8bit.png", color(10, 20, 30)),
        "semantic": write(f"{root}/gtFine/{city}_gtFine_labelIds.png", grey(ids)),
        "depth": write(f"{root}/disparity/{city}_disparity.png", grey(pixel, "uint16")),
        "camera": camera,
    }


def kitti(root, name="000000", part="training", ids=7, pixel=256) -> dict[str, Path]:
    """One frame of KITTI: road everywhere, at the depth of a camera with 700 px and 0.5 m."""
    calibration = Path(root) / part / "calib_cam_to_cam" / f"{name}.txt"
    calibration.parent.mkdir(parents=True, exist_ok=True)
    calibration.write_text(
        "calib_time: 09-Jan-2012 13:57:47\n"
        "P_rect_02: 7.000000e+02 0 3.0e+00 4.500000e+01 0 7.0e+02 2.0e+00 0 0 0 1 0\n"
        "P_rect_03: 7.000000e+02 0 3.0e+00 -3.050000e+02 0 7.0e+02 2.0e+00 0 0 0 1 0\n"
    )
    return {
        "image": write(f"{root}/{part}/image_2/{name}_10.png", color(10, 20, 30)),
        "semantic": write(f"{root}/{part}/semantic/{name}_10.png", grey(ids)),
        "depth": write(f"{root}/{part}/disp_occ_0/{name}_10.png", grey(pixel, "uint16")),
        "camera": calibration,
    }


def synthia_sf(root, sequence=2, name="0000000", ids=1, depth=(1, 2, 3)) -> dict[str, Path]:
    """One frame of SYNTHIA-SF: road everywhere; green and blue of a label mean nothing."""
    folder = f"{root}/SEQ{sequence}"
    return {
        "image": write(f"{folder}/RGBLeft/{name}.png", color(10, 20, 30)),
        "semantic": write(f"{folder}/GTLeft/{name}.png", color(ids, 99, 98)),
        "depth": write(f"{folder}/DepthLeft/{name}.png", color(*depth)),
    }


def carla(root, name="000000", episode="episode_0000", ids=7, depth=(1, 2, 3)) -> dict[str, Path]:
    """One frame of CARLA: road everywhere by the older tags, with the recorder's alpha."""
    folder = f"{root}/{episode}/MyCamera_L"
    return {
        "image": write(f"{folder}/{name}.png", color(10, 20, 30, 255)),
        "semantic": write(f"{folder}/Semantic/{name}.png", color(ids, 0, 0, 255)),
        "depth": write(f"{folder}/Depth/{name}.png", color(*depth, 255)),
    }


FRAME = {"synthia_sf": synthia_sf, "carla": carla, "cityscapes": cityscapes, "kitti": kitti}
