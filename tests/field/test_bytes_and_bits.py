"""Kinds 3 and 8: what every decoder reads is read, and no bits are lost in silence."""

import io
import struct
import zlib

import keras
import numpy as np
import pytest
import tensorflow as tf
from field_kit import silent, streets
from PIL import Image

from adaat_keras import methods
from adaat_keras.deep_images import range_of, stretched
from adaat_keras.domains import Folder, Kitti
from adaat_keras.domains.png import read_picture
from adaat_keras.inference import read_image, write_predictions

AFTER = {"zeros": bytes(512), "a block": bytes(4096) + b"\xff" * 9, "a byte": b"\0"}


@pytest.mark.parametrize("after", AFTER)
def test_bytes_after_a_pngs_end_count_for_nothing(after, tmp_path):
    streets("kitti", tmp_path, 1, "train", 32, 64)
    frames = Kitti(tmp_path)
    truth = frames[0]
    for file in tmp_path.rglob("*.png"):
        with file.open("ab") as open_file:
            open_file.write(AFTER[after])
    again = Kitti(tmp_path)
    batch = next(iter(again.dataset(("image", "semantic", "depth"))))
    for key, pixels in again[0].items():
        np.testing.assert_array_equal(pixels, truth[key])
        np.testing.assert_array_equal(batch[key], truth[key])
    # Half of a file is no whole one, whatever follows.
    image = next(tmp_path.rglob("image_2/*.png"))
    data = image.read_bytes()
    image.write_bytes(data[: len(data) // 3] + bytes(512))
    with pytest.raises(ValueError, match="cut off"):
        Kitti(tmp_path)[0]


def test_a_film_after_a_jpegs_end_counts_for_nothing(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (40, 50, 3)).astype(np.uint8)
    for options in ({}, {"progressive": True}, {"subsampling": 0, "quality": 99}):
        Image.fromarray(pixels).save(tmp_path / "a.jpg", **options)
        truth = read_picture(tf.constant(str(tmp_path / "a.jpg"))).numpy()
        with (tmp_path / "a.jpg").open("ab") as file:
            file.write(bytes(1 << 17))
        assert len(Folder(tmp_path)) == 1
        np.testing.assert_array_equal(Folder(tmp_path)[0]["image"], truth)


def test_images_in_grey_and_with_a_palette_are_images(tmp_path):
    streets("kitti", tmp_path, 3, "train", 32, 64)
    files = sorted(tmp_path.rglob("image_2/*.png"))
    for file, mode in zip(files, ("L", "P", "LA"), strict=True):
        Image.open(file).convert(mode).save(file)
    frames = Kitti(tmp_path)
    for index, file in enumerate(files):
        truth = np.asarray(Image.open(file).convert("RGB"))
        np.testing.assert_array_equal(frames[index]["image"], truth)


def thermal(seed=0):
    """Counts from 7000 to 8950 of 14 bits, in 40 steps."""
    steps = np.random.default_rng(seed).integers(0, 40, (8, 16))
    return (np.kron(steps, np.ones((16, 16), int)) * 50 + 7000).astype(np.uint16)


def test_thermal_counts_keep_their_contrast(tmp_path):
    Image.fromarray(thermal()).save(tmp_path / "a.png")
    with pytest.warns(UserWarning, match=r"a\.png has more than 8 bits: \d+ to \d+ become black"):
        seen = read_image(tmp_path / "a.png")
    assert len(np.unique(seen)) > 30
    assert (seen.min(), seen.max()) == (0, 255)
    silently = silent(lambda: read_image(tmp_path / "a.png", (7000, 9000)))
    np.testing.assert_array_equal(silently[..., 0], stretched(thermal(), (7000, 9000)))


def test_all_of_16_bits_are_read_as_before(tmp_path):
    deep = np.random.default_rng(0).integers(0, 65536, (16, 16)).astype(np.uint16)
    Image.fromarray(deep).save(tmp_path / "a.png")
    with pytest.warns(UserWarning, match="the upper eight bits of 16"):
        np.testing.assert_array_equal(read_image(tmp_path / "a.png")[..., 1], deep >> 8)


def test_a_folder_of_thermal_pictures_has_one_range_which_it_tells(tmp_path):
    for number in range(3):
        Image.fromarray(thermal(number)).save(tmp_path / f"{number}.png")
    with pytest.warns(UserWarning, match=r"images of 16 bits are made 8: .* image_range="):
        frames = Folder(tmp_path)
    assert len(np.unique(frames[1]["image"])) > 30
    given = silent(lambda: Folder(tmp_path, image_range=(7000, 9000)))
    graph = next(iter(given.dataset(("image",))))["image"]
    for image in (given[0]["image"], graph):
        np.testing.assert_array_equal(image, read_image(tmp_path / "0.png", (7000, 9000)))
    assert given.identity() != frames.identity()
    with pytest.raises(ValueError, match="image range is LOW,HIGH"):
        Folder(tmp_path, image_range=(9000, 7000))
    Image.new("RGB", (256, 128)).save(tmp_path / "1.png")
    with pytest.raises(ValueError, match="8-bit RGB, but an image"):
        Folder(tmp_path, image_range=(7000, 9000))[1]
    Image.new("RGB", (256, 128)).save(tmp_path / "0.png")
    with pytest.raises(ValueError, match=r"is for images of 16 bits, and .*0\.png is none"):
        Folder(tmp_path, image_range=(7000, 9000))


@pytest.mark.filterwarnings("ignore:.*images of 16 bits are made 8")
def test_all_splits_have_the_training_splits_range(tmp_path):
    for number in range(10):
        deep = thermal(number) + np.uint16(100 * number)
        for place in ("all", "train" if number < 5 else "val"):
            (tmp_path / place).mkdir(exist_ok=True)
            Image.fromarray(deep).save(tmp_path / place / f"{number}.png")
    parts = {"fractions": {"train": 0.5, "val": 0.5}}
    one, two = (Folder(tmp_path / "all", split=s, **parts).image_range for s in ("train", "val"))
    assert one == two == Folder(tmp_path / "all").image_range
    one, two = (Folder(tmp_path / "{split}", split=s).image_range for s in ("train", "val"))
    assert one == two == Folder(tmp_path / "train").image_range
    assert one != Folder(tmp_path / "val").image_range
    (tmp_path / "train").rename(tmp_path / "other")
    assert Folder(tmp_path / "{split}", split="val").image_range != one


def test_floating_point_pictures_need_a_range(tmp_path):
    Image.fromarray(np.linspace(20, 40, 64, dtype=np.float32).reshape(8, 8)).save(
        tmp_path / "a.tif"
    )
    with pytest.raises(ValueError, match=r"32-bit pixels; say which values .*--range"):
        read_image(tmp_path / "a.tif")
    assert read_image(tmp_path / "a.tif", (20, 40))[-1, -1].tolist() == [255] * 3


@pytest.mark.parametrize(
    ("channels", "turn"), [(2, 1), (3, 1), (4, 1), *((3, turn) for turn in range(2, 9))]
)
def test_pngs_of_16_bits_are_read_alike_by_predict_and_by_a_folder(channels, turn, tmp_path):
    values = np.random.default_rng(0).integers(0, 1024, (20, 30, channels)).astype(np.uint16)
    exif = Image.Exif()
    exif[274] = turn
    data = tf.io.encode_png(values).numpy()
    # After the header, whose chunk ends at 33.
    (tmp_path / "a.png").write_bytes(data[:33] + chunk(b"eXIf", exif.tobytes()[6:]) + data[33:])
    colors = values[..., :3] if channels > 2 else np.repeat(values[..., :1], 3, axis=-1)
    truth = np.stack([turned(colors[..., channel], turn) for channel in range(3)], axis=-1)
    with pytest.warns(UserWarning, match=r"a\.png has more than 8 bits: \d+ to \d+ become black"):
        alone = read_image(tmp_path / "a.png")
    with pytest.warns(UserWarning, match="16 bits are made 8"):
        np.testing.assert_array_equal(alone, Folder(tmp_path)[0]["image"])
    np.testing.assert_array_equal(alone, stretched(truth, range_of(truth)))
    given = silent(lambda: read_image(tmp_path / "a.png", (0, 1023)))
    np.testing.assert_array_equal(given, stretched(truth, (0, 1023)))
    np.testing.assert_array_equal(given, Folder(tmp_path, image_range=(0, 1023))[0]["image"])


def test_colours_of_all_of_16_bits_keep_their_upper_eight(tmp_path):
    values = np.random.default_rng(0).integers(0, 65536, (20, 30, 3)).astype(np.uint16)
    (tmp_path / "a.png").write_bytes(tf.io.encode_png(values).numpy())
    with pytest.warns(UserWarning, match=r"a\.png .* the upper eight bits of 16"):
        np.testing.assert_array_equal(read_image(tmp_path / "a.png"), values >> 8)


def test_a_deep_png_that_is_damaged_is_named(tmp_path):
    values = np.random.default_rng(0).integers(0, 1024, (20, 30, 3)).astype(np.uint16)
    data = tf.io.encode_png(values).numpy()
    for number, bad in enumerate((data[: len(data) // 2], data[:60] + bytes(9) + data[69:])):
        (tmp_path / f"{number}.png").write_bytes(bad)
        with pytest.raises(ValueError, match=rf"{number}\.png cannot be read as an image"):
            read_image(tmp_path / f"{number}.png")


# Which side of the scene row 0 and column 0 of a file are, by the EXIF standard.
SIDES = ["top left", "top right", "bottom right", "bottom left"]
SIDES += ["left top", "right top", "right bottom", "left bottom"]


def turned(channel, turn):
    """A channel the way up."""
    row, column = SIDES[turn - 1].split()
    if row in ("left", "right"):
        channel, row, column = channel.T, column, row
    channel = channel[::-1] if row == "bottom" else channel
    return channel[:, ::-1] if column == "right" else channel


def chunk(kind, data):
    """A part of a PNG."""
    checksum = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)


def test_colours_of_16_bits_in_a_tiff_are_not_read_as_a_few_levels(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 4096, (20, 30, 3)).astype("<u2").tobytes()
    # A TIFF's entries: width, height, bits, uncompressed, RGB, where, channels, rows, bytes.
    entries = [(256, 30), (257, 20), (259, 1), (262, 2), (277, 3), (278, 20)]
    entries += [(258, 8), (273, 14), (279, len(pixels))]
    entries = [(tag, 3 if tag == 258 else 4, 3 if tag == 258 else 1, v) for tag, v in entries]
    place = 14 + len(pixels)
    parts = b"".join(struct.pack("<HHII", *entry) for entry in sorted(entries))
    (tmp_path / "a.tif").write_bytes(
        struct.pack("<2sHI3H", b"II", 42, place, 16, 16, 16)
        + pixels
        + struct.pack("<H", len(entries))
        + parts
        + bytes(4)
    )
    with pytest.raises(ValueError, match=r"a\.tif has colours of 16 bits .* 16 levels; write it"):
        read_image(tmp_path / "a.tif")


def test_what_pillow_and_tensorflow_read_alike_is_read_so(tmp_path):
    """An independent road: both decoders, on pictures of every mode, cut and lengthened."""
    rng = np.random.default_rng(0)
    read = 0
    for mode in ("L", "P", "LA", "RGB", "RGBA", "1", "CMYK", "YCbCr"):
        for form in ("png", "jpeg"):
            file = io.BytesIO()
            pixels = Image.fromarray(rng.integers(0, 256, (20, 30, 3)).astype(np.uint8))
            try:
                pixels.convert(mode).save(file, form)
            except (OSError, KeyError):
                continue
            for data in (file.getvalue(), file.getvalue() + b"after", file.getvalue()[:-30]):
                (tmp_path / "a").write_bytes(data)
                both = _both(data)
                if both is not None:
                    ours = read_picture(tf.constant(str(tmp_path / "a"))).numpy()
                    np.testing.assert_array_equal(ours, both)
                    read += 1
    assert read > 15


def _both(data):
    try:
        with Image.open(io.BytesIO(data)) as file:
            file.load()
        return tf.io.decode_image(data, channels=3, expand_animations=False).numpy()
    except (OSError, tf.errors.OpError):
        return None


def test_a_folder_as_people_have_it_is_read(tmp_path):
    folder = tmp_path / "Straße 1"
    folder.mkdir()
    rgb = Image.fromarray(np.random.default_rng(0).integers(0, 256, (70, 100, 3)).astype(np.uint8))
    rgb.save(folder / "IMG 0001.JPG", format="JPEG")
    rgb.convert("CMYK").save(folder / "cmyk.jpeg")
    rgb.convert("P").save(folder / "palette.PNG", format="PNG", transparency=3)
    rgb.convert("1").save(folder / "bits.tif")
    exif = Image.Exif()
    exif[274] = 6
    rgb.save(folder / "turned.jpg", exif=exif)
    from adaat_keras.inference import find_images

    files = find_images([str(folder)])
    sizes = {file.name: silent(lambda file=file: read_image(file)).shape[:2] for file in files}
    assert sizes.pop("turned.jpg") == (100, 70)
    assert [*sizes.values()] == [(70, 100)] * 4
    (tmp_path / "drive.mp4").write_bytes(b"\x00\x00\x00\x18ftypmp42" + bytes(64))
    with pytest.raises(ValueError, match=r"drive\.mp4 is no image"):
        read_image(tmp_path / "drive.mp4")


def test_arrays_of_depth_are_all_metres_or_all_whole_numbers(tmp_path):
    (tmp_path / "depth").mkdir()
    for name, values in (("a", np.float32(9)), ("b", np.uint16(9006)), ("c", np.float32(9))):
        Image.new("RGB", (6, 4)).save(tmp_path / f"{name}.png")
        np.save(tmp_path / f"depth/{name}.npy", np.full((4, 6), values))
    mixed = r"b\.npy: whole numbers \(uint16\), but .*a\.npy holds floating-point ones; write"
    with pytest.raises(ValueError, match=mixed):
        Folder(tmp_path, depth=tmp_path / "depth")
    frames = Folder(tmp_path, depth=tmp_path / "depth", skip_bad="missing")
    with pytest.raises(tf.errors.InvalidArgumentError, match=mixed):
        list(frames.dataset(("depth",)))
    (tmp_path / "depth/a.npy").rename(tmp_path / "depth/z.npy")
    (tmp_path / "a.png").rename(tmp_path / "z.png")
    with pytest.raises(ValueError, match=r"c\.npy: floating-point numbers .float32., but .*b\.np"):
        Folder(tmp_path, depth=tmp_path / "depth", depth_scale=1 / 1000)


def masks(root, mode="P"):
    """Three images, and masks of 0, 1 and 2 with a palette."""
    (root / "labels").mkdir()
    for number in range(3):
        Image.new("RGB", (60, 40)).save(root / f"{number}.png")
        numbers = np.random.default_rng(number).integers(0, 3, (40, 60)).astype(np.uint8)
        picture = Image.fromarray(numbers)
        if mode == "P":
            picture.putpalette([0, 0, 0, 128, 0, 0, 0, 128, 0])
        picture.save(root / f"labels/{number}.png")
    return {"semantic": root / "labels", "ids": {0: "road", 1: "car", 2: "sky"}}


@pytest.mark.parametrize("place", ["beginning", "end"])
def test_a_palette_mask_that_is_damaged_inside_is_named_and_can_be_left_out(place, tmp_path):
    options = masks(tmp_path)
    file = tmp_path / "labels/1.png"
    data = bytearray(file.read_bytes())
    at = data.index(b"IDAT") + 10 if place == "beginning" else data.index(b"IEND") - 14
    data[at] ^= 0xFF
    data[at + 1] ^= 0xFF
    file.write_bytes(data)
    frames = Folder(tmp_path, skip_bad="missing", **options)
    with pytest.raises(ValueError, match=r"labels/1\.png: the .*damaged inside; copy or unpack"):
        frames[1]
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"labels/1\.png: .*damaged inside"):
        list(frames.dataset(("semantic",)))
    left = Folder(tmp_path, skip_bad=True, **options)
    assert len(left) == 2
    assert str(file) in left.left_out[0]


@pytest.mark.parametrize("kind", ["palette", "array"])
def test_a_label_that_vanishes_while_a_graph_reads_is_named(kind, tmp_path):
    options = masks(tmp_path)
    if kind == "array":
        for file in (tmp_path / "labels").glob("*.png"):
            np.save(file.with_suffix(".npy"), np.asarray(Image.open(file)))
            file.unlink()
    frames = Folder(tmp_path, **options)
    file = sorted((tmp_path / "labels").iterdir())[1]
    file.unlink()
    with pytest.raises(tf.errors.InvalidArgumentError, match=f"{file.name}: there is no such file"):
        list(frames.dataset(("semantic",)))
    file.mkdir()
    with pytest.raises(tf.errors.InvalidArgumentError, match=file.name):
        list(frames.dataset(("semantic",)))


def test_a_model_predicts_files_of_16_bits_by_the_range_that_it_was_trained_with(tmp_path, capsys):
    for name in ("image", "depth", "semantic"):
        (tmp_path / name).mkdir()
    for number in range(2):
        Image.fromarray(thermal(number)).save(tmp_path / f"image/{number}.png")
        Image.fromarray(np.full((128, 256), 2560, np.uint16)).save(tmp_path / f"depth/{number}.png")
        Image.new("L", (256, 128), 7).save(tmp_path / f"semantic/{number}.png")
    folders = {name: tmp_path / name for name in ("depth", "semantic")}
    frames = Folder(
        tmp_path / "image",
        **folders,
        depth_scale=1 / 256,
        ids={7: "road"},
        image_range=(6000, 10000),
    )
    once = {"size": "tiny", "epochs": 1, "steps_per_epoch": 1, "verbose": 0}
    methods.SourceOnly().fit({"train": frames}, {"train": frames}, **once).save(
        tmp_path / "m.keras"
    )
    model = keras.saving.load_model(tmp_path / "m.keras")
    assert model.camera.image_range == (6000, 10000)
    image, out = tmp_path / "image/0.png", tmp_path / "out"
    written = []
    for given in (None, (6000, 10000), (7000, 9000)):
        colors = write_predictions(model, "semantic", image, out, image_range=given, blend=True)[2]
        written.append(np.asarray(Image.open(colors)))
    np.testing.assert_array_equal(written[0], written[1])
    assert (written[0] != written[2]).any()
    assert capsys.readouterr().err.count("6000 to 10000 become black") == 2
    Image.new("RGB", (256, 128)).save(image)
    write_predictions(model, "semantic", image, out)
    assert "the range 6000 to 10000 is not used" in capsys.readouterr().err
