"""Which files belong together, by their names alone."""

import warnings
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adaat_keras.domains.finding import paired


def pairs(images, labels, skip=False):
    """The names that were put together."""
    files = {"image": [*map(Path, images)], "depth": [*map(Path, labels)]}
    frames, left = paired("mine", files, skip)
    return [(str(f["image"]), str(f["depth"])) for f in frames], left


@pytest.mark.parametrize(
    ("images", "labels"),
    [
        # The same names.
        (["cam/1.jpg", "cam/2.jpg"], ["d/1.png", "d/2.png"]),
        (["cam/000000_10.png", "cam/000001_10.png"], ["d/000000_10.png", "d/000001_10.png"]),
        # Words that all files of a kind begin or end with.
        (
            ["frame_0001_image.jpg", "frame_0002_image.jpg"],
            ["frame_0001_depth.png", "frame_0002_depth.png"],
        ),
        (["000000_10.png", "000001_10.png"], ["d/000000.png", "d/000001.png"]),
        (["rgb1.png", "rgb10.png"], ["depth1.png", "depth10.png"]),
        (["a-left.png", "b-left.png"], ["depth of a.png", "depth of b.png"]),
        (
            ["aachen_000000_000019_leftImg8bit.png", "ulm_000001_000019_leftImg8bit.png"],
            ["aachen_000000_000019_disparity.png", "ulm_000001_000019_disparity.png"],
        ),
        # Folders that not all files of a kind are in.
        (["s1/cam/1.png", "s2/cam/1.png"], ["s1/lidar/1.png", "s2/lidar/1.png"]),
        (["img/x/1_i.png", "img/y/1_i.png"], ["gt/x/1_g.png", "gt/y/1_g.png"]),
        (["a/1.png", "a/b/1.png"], ["d/1.png", "d/b/1.png"]),
        (
            ["gtFine_1_labelIds.png", "gtFine_2_labelIds.png"],
            ["d/1_depth16.png", "d/2_depth16.png"],
        ),
        # A scene's name in the images alone.
        (["kitchen_1_rgb.jpg", "kitchen_2_rgb.jpg"], ["d/depth_1.png", "d/depth_2.png"]),
        # A single frame.
        (["cam/photo.jpg"], ["d/depth.png"]),
        (["cam/kitchen.jpg"], ["d/depth.png"]),
    ],
)
def test_names_pair(images, labels):
    warnings.simplefilter("error")
    assert pairs(images, labels)[0] == list(zip(images, labels, strict=True))
    # The order of the images counts, not that of the labels.
    assert pairs(images, labels[::-1])[0] == list(zip(images, labels, strict=True))


@pytest.mark.parametrize(
    ("images", "labels"),
    [
        # Numbers are whole: 10, 11 and 20, 21 are not 0 and 1.
        (["10.png", "11.png"], ["d/20.png", "d/21.png"]),
        (["000010.png", "000011.png"], ["d/000020.png", "d/000021.png"]),
        # Words are whole: cat and bat are not c and b.
        (["cat.png", "car.png"], ["d/bat.png", "d/bar.png"]),
        # What differs in a number is another thing, not another word for the same.
        (["000000_10.png", "000001_10.png"], ["d/000000_11.png", "d/000001_11.png"]),
        (["seq1_1.png", "seq1_2.png"], ["d/seq2_1.png", "d/seq2_2.png"]),
        # Frames of other folders.
        (["s1/1.png", "s2/1.png"], ["d/s3/1.png", "d/s4/1.png"]),
    ],
)
def test_names_that_only_look_alike_do_not_pair(images, labels):
    with pytest.raises(
        ValueError, match=r"mine: 2 images .* and 2 depth files .* none of them pairs"
    ):
        pairs(images, labels)
    with pytest.raises(ValueError, match="none of them pairs"):
        pairs(images, labels, skip=True)


def test_what_pairs_with_nothing_is_an_error_or_left_out():
    images, labels = ["1.png", "2.png", "3.png"], ["d/2.png", "d/9.png"]
    with pytest.raises(
        ValueError, match=r"make 1 frame by.*nothing pairs with 2 images, such as 1\.png, 3"
    ):
        pairs(images, labels)
    found, left = pairs(images, labels, skip=True)
    assert found == [("2.png", "d/2.png")]
    assert left == [f"{name}: pairs with no other file" for name in ("1.png", "3.png", "d/9.png")]


@pytest.mark.parametrize(
    ("images", "labels", "how"),
    [
        (["kitchen.jpg"], ["garden.png"], "being the only ones"),
        (["frame_1.jpg"], ["depth_2.png"], "being the only ones"),
        (["kitchen1.jpg", "kitchen2.jpg"], ["garden1.png", "garden2.png"], "what varies"),
        (["kitchen_1_rgb.jpg", "kitchen_2_rgb.jpg"], ["garden_1_d.png", "garden_2_d.png"], "what"),
        (["cam_02_1.png", "cam_02_2.png"], ["depth_03_1.png", "depth_03_2.png"], "what varies"),
    ],
)
def test_names_of_different_things_pair_with_a_word(images, labels, how):
    match = f"mine: {images[0]} is paired with {labels[0]} by {how}.*correct the patterns"
    with pytest.warns(UserWarning, match=match) as told:
        assert pairs(images, labels)[0] == list(zip(images, labels, strict=True))
    assert len(told) == 1


def test_two_files_of_one_frame_are_told():
    with pytest.raises(ValueError, match=r"cam/1\.jpg and cam/1\.png are both the image of one"):
        pairs(["cam/1.jpg", "cam/1.png"], ["d/1.png"])


words = st.text("abcxyz", min_size=1, max_size=6)
affixes = st.tuples(words, st.sampled_from("_- ."))


# The words are any.
@pytest.mark.filterwarnings("ignore:.* is paired with")
@settings(deadline=None, max_examples=200)
@given(
    st.lists(st.integers(0, 99999), min_size=2, max_size=9, unique=True),
    st.tuples(st.none() | affixes, st.none() | affixes),
    st.tuples(st.none() | affixes, st.none() | affixes),
    st.integers(0, 5),
    st.randoms(),
)
def test_numbers_in_any_words_always_pair_and_never_falsely(numbers, one, other, digits, random):
    """Against a slow road that knows the numbers."""

    def name(number, ends):
        (front, back) = ends
        start = "".join(front) if front else ""
        end = "".join(reversed(back)) if back else ""
        return f"{start}{number:0{digits}}{end}"

    images = [f"i/{name(number, one)}.png" for number in numbers]
    labels = [f"d/{name(number, other)}.png" for number in numbers]
    shuffled = labels[:]
    random.shuffle(shuffled)
    assert pairs(images, shuffled)[0] == list(zip(images, labels, strict=True))
