"""`adaat-keras data check`: reads a data set from end to end and says what is wrong with it."""

import argparse

from adaat_keras.commands.add_domain_options import add_domain_options


def add_parser(actions) -> None:
    """Add this action."""
    check = actions.add_parser(
        "check",
        help="read a data set from end to end and say what is wrong with it",
        description="Count the frames, labels, sizes, classes and depths of every split, and name "
        "every bad file. The exit status is 1 if something is wrong.",
    )
    check.add_argument("domain", metavar="DOMAIN", help="one that reads folders, e.g. cityscapes")
    check.add_argument("--root", required=True, metavar="DIR", help="the data set's root")
    check.add_argument("--tag-set", type=int, choices=(13, 23, 28), help="CARLA's tags")
    check.add_argument(
        "--skip-bad",
        action="store_true",
        help="name bad files, but do not fail for them, as skip_bad=True leaves them out",
    )
    check.add_argument(
        "--show", type=int, default=20, metavar="INT", help="bad files to name a split (20)"
    )
    add_domain_options(check, "how to open it, e.g. '{\"train_ids\": true}'")
    check.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Check every split; 1 if something is wrong, else 0."""
    from adaat_keras.domains.check import check_splits

    extra = dict(options.domain_options)
    if options.tag_set is not None:
        if options.domain != "carla":
            raise ValueError(f"--tag-set is for carla alone, not for {options.domain}")
        extra["tag_set"] = options.tag_set
    good = check_splits(
        options.domain, options.root, extra, skip_bad=options.skip_bad, show=options.show
    )
    print("nothing is wrong" if good else "something is wrong, see above")
    return 0 if good else 1
