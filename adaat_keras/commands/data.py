"""`adaat-keras data`: looks at domains, checks them, writes them."""

from adaat_keras.commands import data_show

ACTIONS = (data_show,)


def add_parser(commands) -> None:
    """Add this command and its actions."""
    parser = commands.add_parser("data", help="look at a domain")
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    for action in ACTIONS:
        action.add_parser(actions)
