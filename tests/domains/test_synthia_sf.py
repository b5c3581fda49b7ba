"""SYNTHIA-SF from files made by hand."""

import numpy as np
import pytest
from format_kit import color, synthia_sf, write

from adaat_keras.domains import SynthiaSF
from adaat_keras.domains.resize import Resized


def test_a_frame_is_decoded_by_the_published_formulae(tmp_path):
    files = synthia_sf(tmp_path, ids=14)
    depth = color(0, 0, 0)
    depth[0, 0] = 1, 2, 3
    write(files["depth"], depth)
    frame = SynthiaSF(tmp_path, "train")[0]
    assert (frame["image"] == (10, 20, 30)).all()
    assert (frame["semantic"] == 7).all()
    assert frame["depth"][0, 0] == np.float32((1 + 256 * 2 + 65536 * 3) / (256**3 - 1) * 1000)
    assert (frame["depth"][1:] == 0).all()


def test_the_splits_are_at_dts_sequences(tmp_path):
    for sequence in range(1, 7):
        synthia_sf(tmp_path, sequence)
    synthia_sf(tmp_path, 3, "0000001")
    of = {split: SynthiaSF(tmp_path, split) for split in ("train", "val", None)}
    sequences = {
        split: [files["image"].parents[1].name for files in domain.files]
        for split, domain in of.items()
    }
    assert sequences["train"] == ["SEQ2", "SEQ4", "SEQ5", "SEQ6"]
    assert sequences["val"] == ["SEQ3", "SEQ3"]
    assert len(of[None]) == 7


def test_riders_and_trucks_are_ignored_unless_asked_for(tmp_path):
    for name, ids in enumerate((13, 15)):
        synthia_sf(tmp_path, 2, f"{name:07}", ids=ids)
    plain, more = SynthiaSF(tmp_path), SynthiaSF(tmp_path, riders_and_trucks=True)
    assert [domain[i]["semantic"][0, 0] for domain in (plain, more) for i in (0, 1)] == [
        255,
        255,
        4,
        7,
    ]


def test_an_id_outside_the_table_is_told(tmp_path):
    synthia_sf(tmp_path, ids=23)
    with pytest.raises(ValueError, match=r"GTLeft/0000000\.png: label id 23 is not among SYNTHIA"):
        SynthiaSF(tmp_path)[0]


def test_one_sequence_in_place_of_the_root_is_told(tmp_path):
    synthia_sf(tmp_path)
    with pytest.raises(ValueError, match=f"inside the right folder; pass root={tmp_path}"):
        SynthiaSF(tmp_path / "SEQ2")


def test_a_split_whose_sequences_are_not_there_is_told(tmp_path):
    synthia_sf(tmp_path, 2)
    with pytest.raises(FileNotFoundError, match="no image here for the split 'val'"):
        SynthiaSF(tmp_path, "val")


def test_the_focal_length_goes_with_the_width_of_the_images(tmp_path):
    files = synthia_sf(tmp_path / "whole")
    for key in files:
        write(files[key], color(1, 1, 1, size=(4, 1920)))
    whole = SynthiaSF(tmp_path / "whole")
    assert whole.focal_length == 847.630211643
    synthia_sf(tmp_path / "copy")
    copy = SynthiaSF(tmp_path / "copy")
    assert copy.focal_length == pytest.approx(847.630211643 * 6 / 1920)
    assert Resized(whole, 4, 6).focal_length == pytest.approx(copy.focal_length)


def test_another_focal_length_can_be_set_and_counts_in_the_identity(tmp_path):
    synthia_sf(tmp_path)
    domain = SynthiaSF(tmp_path)
    before = domain.identity()
    assert "focal_length" not in vars(domain)
    domain.focal_length = 500.0
    assert domain.focal_length == 500
    assert domain.identity() != before
