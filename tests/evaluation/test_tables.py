import pytest

from adaat_keras.evaluation.format_overview import format_overview
from adaat_keras.evaluation.format_table import format_table
from adaat_keras.evaluation.paper_rows import paper_rows
from adaat_keras.evaluation.parameter_table import parameter_table


def test_the_papers_rows_are_those_of_its_tables_in_our_units():
    carla = paper_rows("carla", "cityscapes", "semantic")
    assert carla["ADA-AT/DT (unet)"]["iou_sidewalk"] == pytest.approx(0.6854)
    assert carla["FCNs in the Wild"]["iou_sky"] == pytest.approx(0.06177)
    assert carla["AT/DT (DA)"]["accuracy"] == pytest.approx(0.8192)
    assert paper_rows("synthia_sf", "carla", "depth")["ADA-AT/DT (unet_attention)"][
        "sq_rel"
    ] == pytest.approx(0.19125)


def test_the_classes_of_a_consistent_row_average_to_its_mean_iou():
    row = paper_rows("synthia_sf", "cityscapes", "semantic")["ADA-AT/DT (unet_attention)"]
    classes = [v for name, v in row.items() if name.startswith("iou_")]
    assert len(classes) == 11
    assert sum(classes) / 11 == pytest.approx(row["mean_iou"], abs=1e-4)


def test_a_pair_that_the_paper_does_not_report_has_no_rows():
    assert paper_rows("streets_sim", "streets_real", "semantic") == {}
    assert paper_rows("synthia_sf", "carla", "semantic") == {}


def results(source, target, *rows):
    rows = [
        {"method": method, "seed": seed, "metrics": {"target": target_scores, "source": {}}}
        for method, seed, target_scores in rows
    ]
    config = {"source": source, "target": target, "from_task": "semantic"}
    return {"to_task": "depth", "config": config, "rows": rows}


def test_a_table_tells_mean_and_spread_over_seeds():
    table = format_table(
        results(
            "streets_sim",
            "streets_real",
            ("at_dt", 0, {"abs_rel": 0.2}),
            ("at_dt", 1, {"abs_rel": 0.4}),
        )
    )
    last = table.splitlines()[-1]
    assert last.startswith("| at_dt | 0.300 ± 0.141 | - |")


def test_the_papers_rows_stand_before_ours():
    lines = format_table(results("carla", "kitti", ("at_dt", 0, {"abs_rel": 0.5}))).splitlines()
    assert lines[2].startswith("| AT/DT, in the paper | 0.439 |")
    assert lines[-1].startswith("| at_dt | 0.500 |")


def test_a_table_and_an_overview_of_normals_tell_degrees_and_shares():
    scores = {"mean_angle": 31.25, "median_angle": 20.5, "within_30": 0.625}
    benchmark = results("carla", "kitti", ("at_dt", 0, scores)) | {"to_task": "normals"}
    head, _, row = format_table(benchmark).splitlines()
    assert head.startswith("| method | mean angle | median angle | within 11 25 | within 22 5 |")
    assert row.startswith("| at_dt | 31.250 | 20.500 | - | - | 0.625 |")
    assert "| semantic -> normals | mean angle | 31.250 |" in format_overview([benchmark])


def test_table_1_is_met_to_its_digit():
    for line in parameter_table().splitlines()[2:]:
        _, _, paper, here, _, _ = line.split("|")
        assert float(here) == pytest.approx(float(paper), abs=0.06)


def test_an_overview_has_a_row_a_benchmark_and_tells_the_gap_closed():
    """Lower is better here: 0.3 is half of the way from 0.4 to 0.2."""
    rows = (("source_only", 0, 0.4), ("at_dt", 0, 0.3), ("oracle", 0, 0.2))
    one = results("a", "b", *((name, seed, {"abs_rel": score}) for name, seed, score in rows))
    other = results("a", "c", ("ada_atdt@paper", 0, {"abs_rel": 0.5}))
    lines = format_overview([one, other]).splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert cells[0][3:] == ["source_only", "at_dt", "oracle", "ada_atdt@paper"]
    assert cells[2] == [
        *("a -> b", "semantic -> depth", "abs rel"),
        *("0.400", "0.300 (50 %)", "0.200", "-"),
    ]
    assert cells[3][3:] == ["-", "-", "-", "0.500"]


def test_an_oracle_that_is_no_better_leaves_no_gap_to_close():
    rows = (("source_only", 0, {"abs_rel": 0.2}), ("oracle", 0, {"abs_rel": 0.3}))
    assert "gap closed" not in format_table(results("a", "b", *rows))
