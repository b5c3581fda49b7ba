import numpy as np
import pytest
from PIL import Image

from adaat_keras.report.figures import draw_curves, draw_panels, draw_tsne
from adaat_keras.tasks.semantic import CLASS_NAMES, PALETTE

HISTORY = """\
stage,epoch,loss,adversarial_loss,source_domain_accuracy,learning_rate,val_mean_iou,val_iou_sky
adversarial,1,0.9,0.7,0.8,0.1,,
adversarial,2,0.8,0.6,0.6,0.1,,
transfer,1,0.5,,,0.1,0.2,nan
transfer,2,nan,,,0.1,0.3,nan
"""


def pixels(path):
    return np.asarray(Image.open(path).convert("RGB"))


def has_color(picture, color):
    return np.any(np.all(picture == np.asarray(color, np.uint8), axis=-1))


def test_a_small_picture_is_enlarged_with_sharp_pixels(tmp_path):
    picture = np.random.default_rng(0).integers(0, 256, (32, 64, 3), np.uint8)
    draw_panels([[picture, picture]], ["RGB", "truth"], tmp_path / "a.png")
    drawn = pixels(tmp_path / "a.png")
    large = picture.repeat(4, 0).repeat(4, 1)
    np.testing.assert_array_equal(drawn[-134:-6][:, 6:262], large)
    np.testing.assert_array_equal(drawn[-134:-6][:, 268:524], large)


def test_large_pictures_of_different_sizes_fit_one_column(tmp_path):
    rows = [[np.zeros((h, w, 3), np.uint8)] * 2 for h, w in ((1024, 2048), (375, 1242))]
    draw_panels(rows, ["RGB", "truth"], tmp_path / "a.png")
    width, height = Image.open(tmp_path / "a.png").size
    assert width == 3 * 6 + 2 * 342
    assert 171 + 94 < height < 171 + 94 + 60


def test_labels_of_large_pictures_keep_their_colours_and_photos_are_averaged(tmp_path):
    """Of classes in single columns, and of depth that one pixel in nine knows."""
    classes = np.zeros((90, 1149, 3), np.uint8)
    classes[:, ::2], classes[:, 1::2] = PALETTE[0], PALETTE[4]
    sparse = np.zeros_like(classes)
    sparse[::3, 2::3] = (240, 249, 33)
    draw_panels([[classes, classes, sparse]], ["RGB", "truth", "depth"], tmp_path / "a.png")
    photo, drawn, depth = (pixels(tmp_path / "a.png")[-36:-6, x : x + 383] for x in (6, 395, 784))
    assert {*map(tuple, drawn.reshape(-1, 3))} == {tuple(PALETTE[0]), tuple(PALETTE[4])}
    assert (depth == (240, 249, 33)).all()
    mean = (np.int64(PALETTE[0]) + PALETTE[4]) / 2
    assert np.abs(photo.mean(axis=(0, 1)) - mean).max() < 2


def test_a_legend_shows_every_class_colour(tmp_path):
    picture = np.zeros((32, 64, 3), np.uint8)
    legend = dict(zip(CLASS_NAMES, PALETTE, strict=True))
    draw_panels([[picture]], ["truth"], tmp_path / "a.png", legend)
    drawn = pixels(tmp_path / "a.png")
    assert all(has_color(drawn, color) for color in PALETTE)


def test_long_names_of_many_classes_do_not_run_into_each_other(tmp_path):
    names = [f"a rather long name of class {number}" for number in range(9)]
    legend = {name: (10 * number + 9, 0, 0) for number, name in enumerate(names)}
    picture = np.full((32, 64, 3), 255, np.uint8)
    draw_panels([[picture] * 3], ["a", "b", "c"], tmp_path / "a.png", legend)
    drawn = pixels(tmp_path / "a.png")
    assert all(has_color(drawn, color) for color in legend.values())
    # White along the right edge: nothing is cut off.
    assert (drawn[:, -3:] == 255).all()


def test_rows_that_do_not_fit_the_titles_are_named(tmp_path):
    picture = np.zeros((4, 4, 3), np.uint8)
    with pytest.raises(ValueError, match="row 1 has 1 pictures for 2 titles"):
        draw_panels([[picture] * 2, [picture]], ["RGB", "truth"], tmp_path / "a.png")
    with pytest.raises(ValueError, match="rows is empty"):
        draw_panels([], ["RGB"], tmp_path / "a.png")


def test_tsne_draws_a_plot_a_group_even_of_a_collapsed_encoder(tmp_path):
    random = np.random.default_rng(0)
    pair = random.normal(0, 1, (40, 5)), random.normal(9, 1, (30, 5))
    draw_tsne({"one": pair}, tmp_path / "one.png")
    draw_tsne(
        {"one": pair, "collapsed": (np.ones((9, 5)),) * 2}, tmp_path / "two.png", {"one": "x"}
    )
    one, two = (pixels(tmp_path / name) for name in ("one.png", "two.png"))
    assert two.shape[1] == 2 * one.shape[1]
    assert has_color(one, (0xD6, 0x27, 0x28))
    assert has_color(one, (0x2C, 0xA0, 0x2C))


def test_tsne_has_as_many_columns_as_asked_for(tmp_path):
    pair = tuple(np.random.default_rng(0).normal(size=(2, 30, 5)))
    groups = {name: pair for name in "abcd"}
    draw_tsne(groups, tmp_path / "square.png", columns=2)
    draw_tsne(groups, tmp_path / "row.png", columns=4)
    square, row = (pixels(tmp_path / name) for name in ("square.png", "row.png"))
    assert row.shape[1] == 2 * square.shape[1]
    assert row.shape[0] < square.shape[0]


def test_tsne_of_nothing_says_so(tmp_path):
    with pytest.raises(ValueError, match="groups is empty"):
        draw_tsne({}, tmp_path / "a.png")


def test_curves_have_a_row_a_step_and_a_column_a_kind(tmp_path):
    (tmp_path / "history.csv").write_text(HISTORY)
    draw_curves(tmp_path / "history.csv", tmp_path / "a.png")
    drawn = pixels(tmp_path / "a.png")
    assert drawn.shape == (460, 1290, 3)
    # Adversarial has no validation metrics here, transfer no domain accuracy.
    assert np.all(drawn[:220, 950:] == 255)
    assert np.all(drawn[240:, 520:780] == 255)
    assert all(np.any(part < 255) for part in (drawn[:220, 520:780], drawn[240:, 950:]))


def test_the_metrics_of_curves_can_be_chosen(tmp_path):
    head = "stage,epoch,val_target_height,val_iou_accuracy"
    (tmp_path / "history.csv").write_text(f"{head}\ntransfer,1,0.5,0.5\n")
    with pytest.raises(ValueError, match="no losses or metrics"):
        draw_curves(tmp_path / "history.csv", tmp_path / "a.png")
    draw_curves(tmp_path / "history.csv", tmp_path / "a.png", metrics=("height",))
    assert (tmp_path / "a.png").exists()


def test_a_history_without_numbers_is_named(tmp_path):
    (tmp_path / "history.csv").write_text("stage,epoch,loss\ntransfer,1,\n")
    with pytest.raises(ValueError, match=r"history\.csv has no losses or metrics to draw"):
        draw_curves(tmp_path / "history.csv", tmp_path / "a.png")
