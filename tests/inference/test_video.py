"""A video in, a video with colours over it out: written and read back with PyAV."""

import sys
from fractions import Fraction

import numpy as np
import pytest

from adaat_keras import build_ada_atdt, tasks
from adaat_keras.cli import main
from adaat_keras.inference import overlay, write_video

av = pytest.importorskip("av", reason="pip install -e '.[video]'")

# When frames are shown, in hundredths of a second: a phone's are not evenly spaced.
TIMES = (0, 4, 8, 20, 24, 30)


def film(path, size=(48, 64), times=TIMES, codec="libx264"):
    """A video of plain grey frames that become brighter."""
    with av.open(str(path), "w") as file:
        stream = file.add_stream(codec, rate=25)
        stream.height, stream.width, stream.pix_fmt = *size, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 100)
        for number, time in enumerate(times):
            frame = av.VideoFrame.from_ndarray(grey(number, size), format="rgb24")
            frame.pts, frame.time_base = time, Fraction(1, 100)
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
    return path


def grey(number, size=(48, 64)):
    return np.full((*size, 3), 40 + 30 * (number % 7), np.uint8)


def read(path):
    with av.open(str(path)) as file:
        frames = list(file.decode(video=0))
    return [(float(each.time), each.to_ndarray(format="rgb24")) for each in frames]


@pytest.fixture
def depth(pixelwise):
    """A model that sees depth in red: 0 to 100 m."""
    return pixelwise(lambda images: images[..., :1] / 255)


def test_every_frame_has_its_colours_over_it_at_its_time(depth, tmp_path):
    path, task = film(tmp_path / "drive.mp4"), tasks.get("depth")
    written = write_video(depth, "depth", path, tmp_path / "out")
    assert written == (tmp_path / "out" / "drive_depth_overlay.mp4", len(TIMES))
    assert [time for time, _ in read(written.path)] == pytest.approx([t / 100 for t in TIMES])
    for number, (_, pixels) in enumerate(read(written.path)):
        picture = grey(number)
        colors = task.colorize(picture[..., 0] / 255 * 100)
        # H.264 keeps plain frames to within a few of 255.
        assert np.abs(pixels.astype(int) - overlay(picture, colors)).mean() < 6


def test_odd_sizes_lose_a_row_or_a_column(depth, tmp_path):
    path = film(tmp_path / "a.avi", (49, 63), codec="rawvideo")
    written = write_video(depth, "depth", path, tmp_path / "out")
    assert written.frames == len(TIMES)
    assert {pixels.shape for _, pixels in read(written.path)} == {(48, 62, 3)}


def test_frames_are_predicted_together_while_they_are_small(tmp_path, monkeypatch):
    monkeypatch.setattr("adaat_keras.inference.video.BATCH_PIXELS", 48 * 64 * 4)
    seen = []

    class Seeing:
        def predict_on_batch(self, images):
            seen.append(len(images))
            return images

    write_video(Seeing(), "normals", film(tmp_path / "a.mkv"), tmp_path / "out")
    assert seen == [4, 2]


def test_what_is_no_video_is_named(depth, tmp_path):
    (tmp_path / "a.mp4").write_text("no video")
    with pytest.raises(ValueError, match=r"a\.mp4 is no video that FFmpeg can read"):
        write_video(depth, "depth", tmp_path / "a.mp4", tmp_path / "out")
    with pytest.raises(FileNotFoundError, match=r"there is no file .*b\.mp4"):
        write_video(depth, "depth", tmp_path / "b.mp4", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_damaged_video_is_named_and_nothing_half_written_is_left(depth, tmp_path):
    path, out = film(tmp_path / "a.mp4", times=range(0, 400, 4)), tmp_path / "out"
    content = bytearray(path.read_bytes())
    # The frames' bytes; the index behind them stays whole.
    start = content.index(b"mdat") + 4
    length = int.from_bytes(content[start - 8 : start - 4]) - 8
    half = range(start + length // 2, start + length)
    content[half.start : half.stop] = bytes(len(half))
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"a\.mp4 is damaged after \d+ frames"):
        write_video(depth, "depth", path, out)
    assert not list(out.iterdir())


def test_frames_too_small_for_the_network_are_told_with_the_file(tmp_path):
    path, model = film(tmp_path / "a.mp4", (16, 64)), build_ada_atdt(transfer="conv", size="tiny")
    with pytest.raises(ValueError, match=r"cannot take .*a\.mp4: 64 x 16 pixels"):
        write_video(model, "semantic", path, tmp_path / "out")
    assert not list((tmp_path / "out").iterdir())


def test_a_video_is_never_replaced_by_its_own_overlay(depth, tmp_path):
    path = film(tmp_path / "a.mp4")
    (tmp_path / "a_depth_overlay.mp4").symlink_to(path)
    with pytest.raises(ValueError, match=r"the new video of .*a\.mp4 would overwrite"):
        write_video(depth, "depth", path, tmp_path)


def test_without_the_extra_the_error_says_what_to_install(depth, tmp_path, monkeypatch):
    path = film(tmp_path / "a.mp4")
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(ImportError, match=r"pip install 'adaat-keras\[video\]'"):
        write_video(depth, "depth", path, tmp_path / "out")


def test_the_command_takes_videos_and_images_together(run, save, tmp_path, capsys):
    film(tmp_path / "a.mp4", (64, 96), TIMES[:2])
    film(tmp_path / "B.MOV", (64, 96), TIMES[:3])
    save(tmp_path / "c.png", (64, 64))
    out = tmp_path / "out"
    files = [str(tmp_path / each) for each in ("*.mp4", "B.MOV", "c.png")]
    assert main(["predict", *files, "--weights", str(run), "--out", str(out), "--overlay"]) == 0
    names = {file.name for file in out.iterdir()}
    assert names == {
        *("a_semantic_overlay.mp4", "B_semantic_overlay.mp4"),
        *(f"c_semantic{kind}.png" for kind in ("", "_color", "_overlay")),
    }
    images, first, second = capsys.readouterr().out.splitlines()[-3:]
    assert images.startswith(f"1 prediction of semantic in {out}, ")
    assert first.startswith(f"2 frames in {out}/a_semantic_overlay.mp4, ")
    assert second.startswith(f"3 frames in {out}/B_semantic_overlay.mp4, ")


def test_videos_of_one_name_are_refused_before_anything_is_predicted(run, save, refused, tmp_path):
    out = tmp_path / "out"
    films = [tmp_path / place / "front.mp4" for place in ("cam1", "cam2")]
    for path in films:
        path.parent.mkdir()
        path.touch()
    photo = save(tmp_path / "c.png", (64, 64))
    told = refused("predict", photo, *films, "--weights", run, "--out", out)
    assert (
        f"the new videos of {films[0]} and {films[1]} would both be {out}/front_semantic_" in told
    )
    assert not out.exists()


def test_a_file_that_cannot_be_read_costs_no_other_its_prediction(run, save, refused, tmp_path):
    out = tmp_path / "out"
    for name in ("a.png", "a.mp4"):
        (tmp_path / name).write_text("neither")
    save(tmp_path / "b.png", (64, 64))
    film(tmp_path / "b.mp4", (64, 96), TIMES[:2])
    files = [tmp_path / name for name in ("a.png", "b.png", "a.mp4", "b.mp4")]
    told = refused("predict", *files, "--weights", run, "--out", out)
    assert "a.png is no image" in told
    assert "a.mp4 is no video" in told
    assert {"b_semantic.png", "b_semantic_overlay.mp4"} <= {file.name for file in out.iterdir()}


def test_a_pattern_that_matches_no_video_is_told(refused, tmp_path):
    pattern = tmp_path / "*.mp4"
    assert f"no video matches {pattern}" in refused("predict", pattern, "--weights", "any")
