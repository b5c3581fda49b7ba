"""`adaat-keras data`: looks at domains, checks them, writes them."""

from adaat_keras.commands import data_check, data_pack, data_show, data_write_streets

ACTIONS = (data_show, data_check, data_pack, data_write_streets)


def add_parser(commands) -> None:
    """Add this command and its actions."""
    parser = commands.add_parser("data", help="look at a domain, check it, or write one")
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    for action in ACTIONS:
        action.add_parser(actions)
