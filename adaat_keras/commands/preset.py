"""`adaat-keras preset`: a finished run as a preset."""

import argparse

DESCRIPTION = """Publish a finished run as a preset: its weights, a model card and its entry in the
manifest. Its scores are measured anew, of the weights as they are published, in float32."""


def add_parser(commands) -> None:
    """Add this command."""
    parser = commands.add_parser("preset", help="publish a run", description=DESCRIPTION)
    parser.add_argument("directory", metavar="DIR", help="the run's folder")
    parser.add_argument("--name", required=True, help="what `load` shall call it")
    parser.add_argument(
        "--seeds",
        nargs="*",
        default=[],
        metavar="DIR",
        help="folders of the same run with other seeds, for the spread",
    )
    parser.add_argument(
        "--weights", metavar="DIR", help="the folder of presets (default: the package's)"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Publish and tell where."""
    import json
    from pathlib import Path

    from adaat_keras import methods
    from adaat_keras.build import build_ada_atdt
    from adaat_keras.evaluation import run_command, score
    from adaat_keras.methods.harness.load_network import read_model
    from adaat_keras.methods.harness.open_role import open_role
    from adaat_keras.methods.harness.report import without_nan
    from adaat_keras.methods.harness.run_config import RunConfig
    from adaat_keras.methods.harness.run_folder import RunFolder
    from adaat_keras.models.preset_format import round_weights
    from adaat_keras.presets.load_matching import load_matching
    from adaat_keras.presets.publish import publish

    folder = RunFolder(options.directory)
    config, trained = folder.read_config(), read_model(folder.model)
    # Whatever it was trained in: float32 predicts the same on every machine.
    model = build_ada_atdt(**trained.options, dtype="float32")
    load_matching(model, trained)
    round_weights(model)
    predictor = methods.get(config.method).predictor(model)
    measured = score(predictor, open_role(config, "target", config.split), config.to_task)
    others = [json.loads(RunFolder(seed).metrics.read_text())["target"] for seed in options.seeds]
    usual = RunConfig(from_task=config.from_task, to_task=config.to_task).to_dict()
    chosen = {name: v for name, v in config.to_dict().items() if v != usual[name]}
    tasks = {"from_task": config.from_task, "to_task": config.to_task}
    published = publish(
        options.name,
        model,
        config.to_dict(),
        run_command(f"runs/{options.name}", tasks | chosen),
        [without_nan(measured), *others],
        options.weights and Path(options.weights),
    )
    print(f"{published} holds {options.name}; `adaat-keras evaluate {options.name}` measures it")
