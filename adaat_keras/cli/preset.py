"""`adaat-keras preset`: a finished run as a preset."""

import argparse

DESCRIPTION = """Publish a finished run as a preset: its weights, a model card and its entry in the
manifest. Its scores are measured anew, of the weights as they are published, in float32."""


def add_parser(commands: "argparse._SubParsersAction", all_options: bool = True) -> None:
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
    parser.add_argument("--weights", metavar="DIR", help="the folder of presets (default: presets)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Publish and tell where."""
    from adaat_keras.models.preset_format import read_details
    from adaat_keras.runs.card import evaluate_command
    from adaat_keras.runs.publish import address_of, publish_run

    folder = publish_run(options.directory, options.name, options.seeds, options.weights)
    evaluate = evaluate_command(read_details(folder), address_of(folder))
    told = f"`{evaluate}` measures it" if evaluate else "there are no labels to measure it by"
    print(f"{folder} holds {options.name}; {told}")
