"""`adaat-keras demo`: a page on this machine that shows what a model sees."""

import argparse

from adaat_keras.cli.options import add_domain_options

DESCRIPTION = """Show a page on this machine (127.0.0.1). One picks a picture, or a domain's frame,
and a model, and sees both tasks' predictions, the attention of G, and truth and errors of a frame
with labels. It needs the extra [demo]."""


def add_parser(commands: "argparse._SubParsersAction", all_options: bool = True) -> None:
    """Add this command."""
    parser = commands.add_parser("demo", help="show predictions on a page", description=DESCRIPTION)
    parser.add_argument(
        "model",
        nargs="?",
        default="streets_depth_to_semantic_small",
        metavar="WHAT",
        help="a run's folder, or a preset (default: streets_depth_to_semantic_small)",
    )
    parser.add_argument("--domain", help="whose frames to offer first (default: the run's target)")
    parser.add_argument("--split", default="test", help="train, val or test (default: test)")
    add_domain_options(parser, 'how to open it, e.g. \'{"root": "DIR"}\'')
    parser.add_argument(
        "--port", type=int, metavar="INT", help="default: the first free one from 7860 on"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Serve until interrupted."""
    from adaat_keras.demo.page import serve

    if options.domain is None and options.domain_options:
        raise ValueError("--domain-options open the domain that --domain names; name one")
    serve(options.model, options.domain, options.domain_options, options.split, options.port)
