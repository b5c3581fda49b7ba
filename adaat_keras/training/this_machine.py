"""Which of several machines `TF_CONFIG` says that this is."""

import json
import os

EXAMPLE = '{"cluster": {"worker": ["HOST:PORT", ...]}, "task": {"type": "worker", "index": 0}}'


def this_machine() -> tuple[int, int]:
    """This machine's number, from 0, and how many there are, by the environment's `TF_CONFIG`.

    `TF_CONFIG` is what it is everywhere in TensorFlow; without it there is one machine.

    Raises:
        ValueError: It cannot be read, names other jobs than `worker` and `chief`, or does not say
            which of the machines this one is.

    Example:
        >>> this_machine()
        (0, 1)
    """
    text = os.environ.get("TF_CONFIG") or "{}"
    try:
        config = json.loads(text)
        cluster, task = config.get("cluster", {}), config.get("task", {})
        machines = {job: len(addresses) for job, addresses in cluster.items()}
        kind, index = task.get("type"), int(task.get("index", -1))
    except (ValueError, AttributeError, TypeError) as error:
        raise ValueError(f"TF_CONFIG is {text!r}, where it should be like {EXAMPLE}") from error
    if machines.keys() - {"chief", "worker"}:
        raise ValueError(
            f"TF_CONFIG names the jobs {', '.join(machines)}; this trains on worker, and chief, "
            f"alone: {EXAMPLE}"
        )
    count = sum(machines.values())
    if count <= 1:
        return 0, 1
    if not 0 <= index < machines.get(kind, 0):
        raise ValueError(f"TF_CONFIG's task {task} is not in its cluster {cluster}")
    return index + machines.get("chief", 0) * (kind == "worker"), count
