"""What a user sees of the command line."""

import csv
import json
import re
import shutil
import signal as signals
import subprocess
import sys

import numpy as np
import processes
import pytest
from PIL import Image

from adaat_keras import __version__, tasks
from adaat_keras.cli import build_parser, main, table, train
from adaat_keras.cli.evaluate import scaled
from adaat_keras.streets.writers import write_streets

pytestmark = pytest.mark.usefixtures("unchanged_images")
MISTAKES = {
    "--from fox": "unknown task 'fox'; choose one of: depth, normals, semantic",
    "--to fox": "unknown task 'fox'; choose one of: depth, normals, semantic",
    "--source mars": "unknown domain 'mars'; choose one of: .*streets_real, streets_sim",
    "--target mars": "unknown domain 'mars'; choose one of: .*streets_real, streets_sim",
    "--transfer gan": "unknown transfer function 'gan'; .*conv, six_convolutions, unet",
    "--architecture vgg": "unknown architecture 'vgg'; choose one of: residual, dilated_resnet50",
    "--architecture dilated_resnet50": "own, 'six_convolutions', and cannot have 'conv'",
    "--method best": "unknown method 'best'; choose one of: ada_atdt, at_dt, ",
    "--size huge": "unknown size 'huge'; choose one of: tiny, small, paper",
    "--schedule flat": "unknown schedule 'flat'; choose one of: cosine, paper, constant",
    "--precision float16": "unknown precision 'float16'; .*float32, mixed_bfloat16",
    "--adversarial-loss hinge": "unknown adversarial loss 'hinge'; .*least_squares, wasserstein",
    "--recipe best": "unknown recipe 'best'; choose one of: recommended, paper",
    "--augmentation sepia": "unknown augmentation 'sepia'; .*color, style, none",
    "--split train": "unknown split 'train'; choose one of: val, test",
    "--cache tape": "unknown cache 'tape'; choose one of: memory, disk",
    "--stages transfre": "unknown stage 'transfre'; .*adversarial, supervised, teacher, transfer",
    "--freeze encoder_3": "unknown network 'encoder_3'; choose one of: encoder_1",
    "--deterministic maybe": "--deterministic is yes, no or auto, not 'maybe'",
    "--weights nothing": "nothing",
    "--classes mine": "paper.*cityscapes",
    "--classes none.json": "none.json",
    "--classes {1}": r"--classes: '\{1\}' is no JSON",
    "--height 64": "height and width go together",
    "--from semantic": "from and to are both 'semantic'",
    "--alpha 1.5": "alpha must be between 0 and 1, not 1.5",
    "--method at_dt --alpha 0.8": "alpha 0.8 does nothing in the method at_dt: leave it out, or .*",
    "--alpha nan": "alpha must be between 0 and 1, not nan",
    "--batch-size 5": "batch_size must be even and positive, not 5",
    "--crop 100": "crop must be a multiple of 32 pixels.*, not 100",
    "--crop 96": "a frame is smaller than the crop of 96 pixels",
    "--epochs 0": "epochs must be at least 1, not 0",
    "--learning-rate -1": "learning_rate must be positive, not -1.0",
    "--seed -1": r"seed must be between 0 and 2\*\*31 - 1, not -1",
    "--devices 99": "99 devices asked for, but this machine has",
    "--devices two": "devices must be a number or 'all', not 'two'",
    "--source-options [1]": r"'\[1\]' is no JSON object",
    "--source-options frames=1": "'frames=1' is no JSON",
    '--target-options {"frmes":1}': r"streets_real has no option 'frmes'; its options: frames",
    '--target-options {"split":"dev"}': "multiple values .*'split'",
    '--target-options {"look":"dusk"}': "unknown look 'dusk'; choose one of: .*daylight",
    "--epochs many": "invalid int value: 'many'",
    "--steps-per-epoch 2 --learning-rate 3e38": (
        "became nan in stage 'adversarial', epoch 1, batch 2"
    ),
}


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_in_a_line_and_leaves_nothing_in_the_way(
    mistake, tiny, refused, tmp_path
):
    folder = tmp_path / "run"
    assert re.search(
        MISTAKES[mistake], refused("train", *tiny, *mistake.split(), "--directory", folder)
    )
    assert not (folder / "history.csv").exists()
    if "3e38" not in mistake:
        assert not folder.exists()


@pytest.mark.quick
def test_the_version_is_told(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    assert capsys.readouterr().out == f"adaat-keras {__version__}\n"


@pytest.mark.quick
def test_a_folder_that_is_gone_is_told(tmp_path, monkeypatch, refused):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert "the folder that you are in is gone" in refused("table", "none.json")


def test_a_warning_is_a_line_without_a_place_in_the_code(tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    Image.new("RGB", (64, 64)).save(photos / "a.png")
    (photos / "a.txt").touch()
    check = ["data", "check", "folder", "--domain-options", json.dumps({"images": str(photos)})]
    # In a process, since pytest catches warnings.
    status, said = processes.finished(*check, told=tmp_path / "told")
    assert status == 0
    assert f"warning: {photos}: left aside what is no picture: a.txt\n" in said
    assert "UserWarning" not in said


@pytest.mark.quick
@pytest.mark.parametrize(
    ("command", "message"),
    [
        ('kitti --root . --domain-options {"rot":1}', "kitti has no option 'rot'; its options: ro"),
        ("folder", "folder needs the option 'images'; its options: images"),
    ],
)
def test_data_check_names_an_option_that_is_wrong(command, message, refused):
    assert message in refused("data", "check", *command.split())


def test_it_runs_as_a_module(tmp_path):
    """From wherever one is, as `python -m adaat_keras` or `python -m adaat_keras.cli`.

    A mistake in a table's arguments is told before TensorFlow is there, which takes seconds.
    """
    code = "import runpy, sys; sys.argv[1:] = ['table', 'none.json']\n"
    code += "try: runpy.run_module('adaat_keras', run_name='__main__')\n"
    code += "except SystemExit: assert 'tensorflow' not in sys.modules; raise"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2
    shown = [sys.executable, "-m", "adaat_keras.cli", "--help"]
    assert "train and score a method" in subprocess.check_output(shown, cwd=tmp_path, text=True)
    assert (
        done.stderr
        == "adaat-keras: none.json is neither 'parameters' nor a results.json that exists\n"
    )


def test_a_folder_of_another_run_is_left_alone(run, tiny, withheld, refused):
    same = [*tiny, "--target-options", json.dumps(withheld("semantic"))]
    error = refused("train", *same, "--epochs", "3", "--seed", "4", "--directory", run)
    assert f"{run} holds a run of another configuration or version" in error
    assert "epochs is 2 there, 3 now; seed is 0 there, 4 now" in error
    error = refused("train", *tiny, "--directory", run / "config.json")
    assert str(run / "config.json") in error


@pytest.mark.parametrize("place", [0, 1, 3])
def test_the_traceback_is_shown_when_asked_for_wherever_that_is(place):
    command = ["train", "--size", "huge"]
    with pytest.raises(ValueError, match="unknown size"):
        main([*command[:place], "--traceback", *command[place:]])


@pytest.mark.quick
@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("benchmark --seed 5", "there is no option --seed; did you mean --seeds?"),
        ("train --seeds=5", "there is no option --seeds; did you mean --seed?"),
        ("train --validation 5", "there is no option --validation; did you mean --validation-fra"),
        ("data check kitti --rot DIR", "there is no option --rot; did you mean --root?"),
        ("train --zebra", "unrecognized arguments: --zebra"),
    ],
)
def test_an_option_that_is_none_is_refused_with_the_one_that_is_meant(command, told, capsys):
    """Not taken for a longer one: `--seed 5` would be five seeds."""
    with pytest.raises(SystemExit, match="2"):
        build_parser().parse_args(command.split())
    assert told in capsys.readouterr().err


@pytest.mark.quick
@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("table parameters --json", "--json and --methods are for a results.json, not for"),
        ("table parameters --methods dan", "--json and --methods are for a results.json, not for"),
        ("predict {}/a.mp4 --weights any --range 0,9", "for images of more than 8 bits, and {}/a"),
        (
            "predict {}/a.mp4 --weights any --depth-unit mm",
            "for images' depth, and {}/a.mp4 is a v",
        ),
        (
            "data write-streets --layout kitti --out {} --tag-set 23",
            "--tag-set is for carla alone, not for kitti",
        ),
    ],
)
def test_an_option_that_would_do_nothing_is_refused(command, told, refused, tmp_path):
    (tmp_path / "a.mp4").touch()
    assert told.format(tmp_path) in refused(*command.format(tmp_path).split())


@pytest.mark.quick
@pytest.mark.parametrize(
    ("command", "does"),
    [("train", "train_from_config"), ("benchmark", "run_benchmark"), ("study", "run_study")],
)
def test_scores_on_training_images_are_told_before_a_run(command, does, refused, monkeypatch):
    def enough(*_, **__):
        raise ValueError("enough")

    place = {"train_from_config": "train"}.get(does, command)
    monkeypatch.setattr(f"adaat_keras.runs.{place}.{does}", enough)
    error = refused(command, "--source", "synthia_sf", "--target", "kitti", "--split", "val")
    told = "scores on val: kitti has no labelled split 'val': these are its training images"
    assert error.count(told) == error.count("these are") == 1


@pytest.mark.parametrize(
    ("signal", "status", "told"),
    [
        (signals.SIGTERM, 143, "stopped by SIGTERM; what was whole is saved"),
        (signals.SIGINT, 130, "interrupted; the same command goes on from here"),
    ],
)
def test_a_command_that_is_told_to_stop_says_how_to_go_on_if_it_does(
    signal, status, told, monkeypatch, capsys
):
    # A shell's background jobs begin with SIGINT ignored.
    signals.signal(signals.SIGINT, signals.default_int_handler)
    before = [signals.getsignal(each) for each in (signals.SIGTERM, signals.SIGINT)]
    for module in (train, table):
        monkeypatch.setattr(module, "run", lambda _: signals.raise_signal(signal))
    assert main(["train"]) == status
    assert told in capsys.readouterr().err
    assert main(["table", "parameters"]) == status
    error = capsys.readouterr().err
    assert error.startswith(f"adaat-keras: {told.partition(';')[0]}")
    assert "goes on" not in error
    assert [signals.getsignal(each) for each in (signals.SIGTERM, signals.SIGINT)] == before


def test_what_is_nobodys_mistake_is_told_in_a_line_that_says_so(monkeypatch, refused):
    def fails(_):
        raise KeyError("broken\ncode")

    monkeypatch.setattr(table, "run", fails)
    error = refused("table", "parameters")
    assert error.count("\n") == 1
    assert "table ended with KeyError: 'broken" in error
    assert "`adaat-keras --traceback table ...` shows where" in error


@pytest.mark.parametrize("command", ["evaluate {}", "predict {0}/image.png --weights {0}"])
def test_a_folder_that_holds_no_run_is_an_error(command, refused, tmp_path):
    Image.new("RGB", (64, 64)).save(tmp_path / "image.png")
    assert "holds no finished run" in refused(*command.format(tmp_path).split())


def test_evaluate_prints_scores(run, capsys):
    assert main(["evaluate", str(run)]) == 0
    assert "streets_real test" in capsys.readouterr().out


@pytest.mark.parametrize("domain", ["streets_real", "streets_sim"])
def test_evaluate_prints_the_scores_of_the_run_as_json(domain, run, capsys):
    capsys.readouterr()
    assert main(["evaluate", str(run), "--domain", domain, "--json"]) == 0
    scores = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    role = {"streets_real": "target", "streets_sim": "source"}[domain]
    assert scores == json.loads((run / "metrics.json").read_text())[role]


def test_evaluate_scales_depth_by_the_cameras_and_nothing_else(run, refused):
    """At a scale of 2 the outputs are twice as large."""
    double = scaled(lambda images, training: images + 1, tasks.get("depth"), 2.0)
    assert double(3.0, training=False) == 8.0
    for scale, message in (("2", "this run predicts semantic"), ("-1", "must be positive")):
        assert message in refused("evaluate", run, "--depth-scale", scale)


def test_evaluate_says_how_it_sees_frames_of_another_camera(run, capsys):
    assert main(["evaluate", str(run)]) == 0
    assert "frames of" not in capsys.readouterr().err
    assert main(["evaluate", str(run), "--domain", "streets_sim"]) == 0
    told = "streets_sim are cut and enlarged 1.23 times to the model's camera, as in training"
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(("zoom", "warned"), [(None, True), (1.0, False)])
def test_evaluate_warns_of_a_depth_scale_that_training_has_made_up_for(
    zoom, warned, run, refused, tmp_path
):
    shutil.copytree(run, tmp_path / "copy", ignore=shutil.ignore_patterns("logs", "state"))
    config = json.loads((run / "config.json").read_text()) | {"zoom": zoom}
    (tmp_path / "copy" / "config.json").write_text(json.dumps(config))
    error = refused("evaluate", tmp_path / "copy", "--depth-scale", "2")
    assert ("--depth-scale is for runs with --zoom 1" in error) == warned


def test_evaluate_names_a_split_that_is_not_there(run, refused):
    assert "unknown split 'dev'; choose one of" in refused("evaluate", run, "--split", "dev")


@pytest.fixture
def kitti(tmp_path):
    """A few frames as KITTI has them, as JSON."""
    for split in ("train", "test"):
        write_streets("kitti", tmp_path / "kitti", 1, split, height=64, width=64)
    return json.dumps({"root": str(tmp_path / "kitti")})


@pytest.mark.parametrize("split", ["val", "test"])
def test_what_is_scored_or_shown_in_place_of_a_split_is_told(split, kitti, run, capsys, tmp_path):
    """KITTI's labelled frames are its training images, whatever the split's name."""
    told = f"kitti has no labelled split '{split}': these are its training images"
    options = ["--split", split, "--domain-options", kitti]
    assert main(["evaluate", str(run), "--domain", "kitti", *options, "--json"]) == 0
    output = capsys.readouterr()
    assert told in output.err
    assert 0 <= json.loads(output.out)["accuracy"] <= 1
    assert main(["data", "show", "kitti", *options, "--out", str(tmp_path / "sheet.png")]) == 0
    assert told in capsys.readouterr().err


def test_where_no_split_stands_in_nothing_is_told(run, kitti, capsys):
    train = ["--domain", "kitti", "--split", "train", "--domain-options", kitti]
    for options in ([], train):
        assert main(["evaluate", str(run), *options]) == 0
        assert "these are" not in capsys.readouterr().err


def test_predict_writes_maps_of_the_images_sizes(run, tmp_path):
    sizes = {"a": (65, 81), "b": (120, 67), "c": (64, 64)}
    for name, size in sizes.items():
        Image.fromarray(np.full((*size, 3), 90, np.uint8)).save(tmp_path / f"{name}.png")
    out = tmp_path / "out"
    assert main(["predict", str(tmp_path), "--weights", str(run), "--out", str(out)]) == 0
    for name, size in sizes.items():
        ids = np.asarray(Image.open(out / f"{name}_semantic.png"))
        assert ids.shape == size
        assert ids.max() <= 10
        assert np.asarray(Image.open(out / f"{name}_semantic_color.png")).shape == (*size, 3)


def test_predict_names_a_file_that_is_no_image(run, refused, tmp_path):
    (tmp_path / "a.png").write_text("no image")
    arguments = ("--weights", run, "--out", tmp_path / "out")
    assert "a.png is no image" in refused("predict", tmp_path / "a.png", *arguments)
    assert "b.png" in refused("predict", tmp_path / "b.png", *arguments)


def test_a_damaged_model_is_named(run, refused, tmp_path):
    shutil.copy(run / "config.json", tmp_path)
    (tmp_path / "model.keras").write_bytes((run / "model.keras").read_bytes()[:5000])
    assert "model.keras cannot be read as a Keras model" in refused("evaluate", tmp_path)


def test_data_show_writes_a_sheet(frames, tmp_path):
    sheet = tmp_path / "sheet.png"
    options = ["--frames", "2", "--out", str(sheet), "--domain-options", json.dumps(frames)]
    assert main(["data", "show", "streets_real", *options]) == 0
    assert Image.open(sheet).width > 3 * 64


@pytest.mark.quick
def test_data_shows_sheet_has_a_name_that_every_file_system_takes(tmp_path, monkeypatch):
    Image.new("RGB", (64, 64)).save(tmp_path / "0.png")
    (tmp_path / "mine.py").write_text("from adaat_keras.domains import Folder as Recording\n")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    options = ["--split", "train", "--domain-options", json.dumps({"images": str(tmp_path)})]
    for place in ("../mine.py", str(tmp_path / "mine.py")):
        assert main(["data", "show", f"{place}:Recording", *options]) == 0
    names = [each.name for each in (tmp_path / "here").iterdir()]
    assert len(names) == 2
    for name in names:
        assert not set('<>:"|?*\\') & set(name)
        assert "mine.py-Recording~" in name


def test_data_show_takes_the_split_that_there_is(tmp_path, capsys, refused):
    """A folder's frames are its training split, unless splits are named."""
    for split in ("a", "test"):
        (tmp_path / split).mkdir()
        Image.new("RGB", (64, 64)).save(tmp_path / split / "0.png")
    show = ["data", "show", "folder", "--out", str(tmp_path / "sheet.png"), "--domain-options"]
    for images, split in (("a", "train"), ("{split}", "test")):
        assert main([*show, json.dumps({"images": f"{tmp_path}/{images}"})]) == 0
        assert f"of folder, split {split}: " in capsys.readouterr().out
    given = json.dumps({"images": f"{tmp_path}/a"})
    assert "folder has no split 'val'" in refused(*show, given, "--split", "val")


def test_data_show_lists_the_domains(refused):
    assert "streets_real, streets_sim" in refused("data", "show", "mars")
    assert "--frames must be at least 1, not 0" in refused("data", "show", "x", "--frames", "0")


def test_table_prints_table_1_beside_our_counts(capsys):
    assert main(["table", "parameters"]) == 0
    table = capsys.readouterr().out
    for paper, ours in ((7.8, 7.83), (16.8, 16.75), (53.2, 53.22), (71.8, 71.81)):
        assert f"| {paper} | {ours} |" in table


@pytest.mark.parametrize("content", [b"{}", b"[1]", b"no", b"\xff\xfe", b'{"rows": 1}'])
def test_table_names_a_file_that_holds_no_results(content, refused, tmp_path):
    (tmp_path / "results.json").write_bytes(content)
    error = refused("table", tmp_path / "results.json")
    assert f"{tmp_path}/results.json is no benchmark's results.json" in error


def test_table_shows_the_methods_that_are_named_in_their_order(capsys, refused, tmp_path):
    rows = [
        {"method": name, "seed": 0, "metrics": {"target": {"abs_rel": score}}}
        for name, score in (("dan", 0.5), ("oracle", 0.2), ("at_dt", 0.3), ("source_only", 0.6))
    ]
    config = {"source": "a", "target": "b", "from_task": "semantic"}
    files = [str(tmp_path / "one.json"), str(tmp_path / "other.json")]
    for file in files:
        with open(file, "w") as opened:
            json.dump({"to_task": "depth", "config": config, "rows": rows}, opened)
    assert main(["table", files[0], "--methods", "source_only,at_dt,oracle,at_dt"]) == 0
    lines = capsys.readouterr().out.splitlines()[2:]
    assert [line.split(" | ")[:2] for line in lines] == [
        ["| source_only", "0.600"],
        ["| at_dt", "0.300"],
        ["| oracle", "0.200"],
    ]
    assert lines[1].endswith(" 75 |")  # of the gap
    assert main(["table", *files, "--methods", "oracle,dan"]) == 0
    assert "| oracle | dan |" in capsys.readouterr().out.splitlines()[0]
    error = refused("table", *files, "--methods", "dan,fox")
    assert "unknown method of these results 'fox'; choose one of: dan, oracle, at_dt" in error


def test_table_names_a_file_that_is_not_there(refused):
    assert "none.json is neither 'parameters' nor" in refused("table", "none.json")


@pytest.mark.slow
@pytest.mark.usefixtures("eagerly", "undrawn")
def test_benchmark_compares_methods_and_goes_on_where_it_was_stopped(
    tiny, tmp_path, capsys, refused
):
    command = ["benchmark", *tiny, "--epochs", "1", "--recipe", "paper"]
    command += ["--methods", "source_only,ada_atdt:conv", "--directory", str(tmp_path)]
    assert main(command) == 0
    results = json.loads((tmp_path / "results.json").read_text())
    assert [(r["method"], r["seed"]) for r in results["rows"]] == [
        ("source_only", 0),
        ("ada_atdt:conv", 0),
    ]
    with (tmp_path / "results.csv").open(newline="") as file:
        written = [(row["method"], row["role"], row["domain"]) for row in csv.DictReader(file)]
    domains = (("target", "streets_real"), ("source", "streets_sim"))
    assert written == [(r["method"], *domain) for r in results["rows"] for domain in domains]
    table = (tmp_path / "table.md").read_text()
    assert [line.split(" | ")[0] for line in table.splitlines()[2:]] == [
        "| source_only",
        "| ada_atdt:conv",
    ]
    runs = [p for p in tmp_path.rglob("*") if p.is_file() and p.parent != tmp_path]
    before = {p: p.stat().st_mtime_ns for p in runs}

    assert main(command) == 0
    assert {p: p.stat().st_mtime_ns for p in before} == before
    assert json.loads((tmp_path / "results.json").read_text()) == results
    assert main(["table", str(tmp_path / "results.json")]) == 0
    assert capsys.readouterr().out.strip().endswith(table.strip())
    assert "epochs is 1 there, 2 now" in refused(*command, "--epochs", "2")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--methods", "source_only,best"], "unknown method 'best'"),
        (["--methods", "ada_atdt:gan"], "unknown transfer function 'gan'"),
        (["--methods", ","], "nothing to run: methods"),
        (["--methods", "at_dt,oracle", "--alpha", "0.8"], "alpha 0.8 does nothing in the method"),
        (["--methods", "ada_atdt@paper", "--alpha", "0.8"], "give the recipe paper to the whole"),
        (["--seeds", "0"], "seeds 0"),
        (["--devices", "99"], "99 devices"),
    ],
)
def test_benchmark_names_a_mistake_before_it_trains(options, message, tiny, refused, tmp_path):
    folder = tmp_path / "benchmark"
    assert message in refused("benchmark", *tiny, *options, "--directory", folder)
    assert not folder.exists()
