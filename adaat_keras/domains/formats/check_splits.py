"""The report of `adaat-keras data check`."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from adaat_keras import domains
from adaat_keras.domains.formats.folder_domain import FolderDomain
from adaat_keras.domains.formats.survey import Survey, survey
from adaat_keras.registry import Registry, check_name
from adaat_keras.tasks.depth import MAX_DEPTH
from adaat_keras.tasks.semantic import CLASS_NAMES


def check_splits(
    name: str, root: Path | str, options: dict, skip_bad: bool = False, show: int = 20
) -> bool:
    """Print what every split of a data set holds and what is wrong with it.

    Args:
        name: The domain, e.g. `"kitti"`.
        root: Its root.
        options: More options of its class.
        skip_bad: Bad files do not count as wrong.
        show: How many bad files to name for each split.

    Returns:
        Whether nothing is wrong.

    Raises:
        ValueError: There is no such domain in folders or no such option, or the root is not the
            right folder.
        FileNotFoundError: There is no such folder, or no split has a single image.
    """
    found, good = 0, True
    for split in _splits(name, root):
        try:
            domain = _open(name, root, split, options)
        except FileNotFoundError as error:
            print(f"{split}: no frames ({error})")
            continue
        found += 1
        good &= _report(domain, split, skip_bad, show)
    if not found:
        raise FileNotFoundError(f"{root}: no split of {name} has a single image")
    return good


def _splits(name: str, root: Path | str) -> tuple[str, ...]:
    check_name("domain", name, domains.names())
    registry = Registry("domain", "adaat_keras.domains", base="domain")
    loader = registry.get(name) if name in registry.names() else None
    if loader is None or not issubclass(loader, FolderDomain):
        raise ValueError(f"{name} does not read folders of PNG files, there is nothing to check")
    if not Path(root).is_dir():
        raise FileNotFoundError(f"{root}: there is no such folder")
    return loader.splits


def _open(name: str, root: Path | str, split: str, options: dict) -> FolderDomain:
    if name == "carla":
        # A wrong set of tags is one finding of several here.
        options = {"check_tags": False} | options
    try:
        return domains.get(name, root=root, split=split, skip_bad="missing", **options)
    except TypeError as error:
        raise ValueError(f"{name} cannot be opened with {options}: {error}") from error


def _report(domain: FolderDomain, split: str, skip_bad: bool, show: int) -> bool:
    total = len(domain) + len(domain.left_out)
    print(f"{split}: {total} frames, labels: {', '.join(domain.tasks) or 'none'}")
    found = survey(domain)
    for line in _lines(domain, found):
        print(f"  {line}")
    variant = domain.label_variant_problem()
    if variant:
        print(f"  WRONG LABELS: {variant}")
    if found.problems:
        print(f"  BAD: {len(found.problems)} of {total} frames{', left out' if skip_bad else ''}")
    for problem in found.problems[:show]:
        print(f"    {problem}")
    if len(found.problems) > show:
        print(f"    and {len(found.problems) - show} more; --show {len(found.problems)} names all")
    return not variant and (skip_bad or not found.problems) and found.frames > 0


def _lines(domain: FolderDomain, found: Survey) -> Iterator[str]:
    sizes = [f"{width} x {height} ({n})" for (height, width), n in found.sizes.most_common(5)]
    more = f" and {len(found.sizes) - 5} more sizes" if len(found.sizes) > 5 else ""
    yield f"{'sizes':<14}{', '.join(sizes) or 'none'}{more}"
    if not found.frames:
        return
    if "semantic" in domain.tasks:
        for name, share in zip(CLASS_NAMES, _shares(found), strict=True):
            yield f"{name:<14}{share:6.2%}"
        yield f"{'ignored':<14}{found.ignored:6.2%}"
    if "depth" in domain.tasks:
        valid, reach = found.valid / found.frames, found.in_reach / found.frames
        span = f"{found.nearest:.3g} to {found.farthest:.4g} m"
        yield f"{'depth':<14}{span}, {valid:.1%} of pixels valid, {reach:.1%} up to {MAX_DEPTH:g} m"


def _shares(found: Survey) -> np.ndarray:
    return found.classes[: len(CLASS_NAMES)] / max(1, found.classes.sum())
