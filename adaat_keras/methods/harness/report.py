"""What a finished run tells: scores, pictures, a README."""

import math

import keras

from adaat_keras.files import write_json
from adaat_keras.methods.harness.needed_by import needed_by
from adaat_keras.methods.harness.panels import panels
from adaat_keras.methods.harness.run_folder import RunFolder
from adaat_keras.methods.harness.setup import Setup
from adaat_keras.report.figures import draw_curves, draw_panels, draw_tsne
from adaat_keras.report.probe import domain_accuracy, domain_probe, sample_features, transfer_error
from adaat_keras.report.run_page import write_run_readme
from adaat_keras.report.score import score
from adaat_keras.training import losses as adversarial_losses

DOMAINS = ("source", "target")


def report(
    setup: Setup, predictor: keras.Model, trained: set[str], folder: RunFolder, verbose: int = 1
) -> None:
    """Write `metrics.json`, the pictures and the README of a run, unless they are there.

    Args:
        setup: Data and trained model.
        predictor: The network that predicts task 2.
        trained: Names of the networks that the run has trained.
        folder: Where to write.
        verbose: 0 prints nothing.
    """
    if folder.metrics.exists():
        return
    if verbose:
        print("scoring", flush=True)
    predictor = predictor if needed_by(predictor) <= trained else None
    metrics = scores(setup, predictor, trained)
    if "encoder_1" in trained:
        features = [
            sample_features(setup.model.encoder_1, setup.domain(domain, setup.config.split))
            for domain in DOMAINS
        ]
        metrics["domain_probe"] = domain_probe(*features)
        metrics |= alignment(setup, trained)
        draw_tsne({"encoder 1": tuple(features)}, folder.path / "tsne.png")
    draw_curves(folder.history, folder.path / "curves.png")
    draw_panels(**panels(setup, predictor, trained), path=folder.path / "panels.png")
    metrics = without_nan(metrics)
    write_run_readme(folder.path, setup.config.to_dict(), metrics)
    write_json(folder.metrics, metrics)


def scores(setup: Setup, predictor: keras.Model | None, trained: set[str]) -> dict[str, dict]:
    """Metrics on the split of the configuration in both domains.

    - `"target"`, `"source"`: task 2 by the method; on the source it is the transfer's ceiling.
    - `"base_1_target"`, `"base_1_source"`: task 1 by base model 1.
    - `"base_2_target"`, `"base_2_source"`: task 2 by base model 2, which is source-only; in
      `at_dt_da`, trained on translated images, it is what `cycle_gan` is.
    - `"teacher_target"`, `"teacher_source"`: task 2 by a teacher from the labels of task 1.

    What was not trained, or has no labels to score against, is left out.
    """
    config, model = setup.config, setup.model
    rows = {}
    if predictor:
        rows[""] = (predictor, config.to_task, None)
    if "encoder_1" in trained:
        rows["base_1_"] = (model.base_model_1, config.from_task, None)
        if "encoder_2" in trained:
            rows["base_2_"] = (model.base_model_2, config.to_task, None)
    if "teacher" in trained:
        rows["teacher_"] = (setup.networks["teacher"], config.to_task, config.from_task)
    opened = {role: setup.domain(role, config.split) for role in reversed(DOMAINS)}
    return {
        f"{prefix}{role}": score(network, domain, task, reads=reads)
        for prefix, (network, task, reads) in rows.items()
        for role, domain in opened.items()
        if {task, reads or task} <= set(domain.tasks)
    }


def alignment(setup: Setup, trained: set[str]) -> dict[str, dict]:
    """How alike the domains are to the networks that meet both, on the test splits.

    - `"classifier_accuracy"`: how often C is right in each domain.
    - `"transfer_error"`: G's distance to E2's features in each domain.
    """
    model, results = setup.model, {}
    opened = {role: setup.domain(role, setup.config.split) for role in DOMAINS}
    if "domain_classifier" in trained:
        threshold = adversarial_losses.get(setup.config.adversarial_loss).threshold
        results["classifier_accuracy"] = {
            role: domain_accuracy(
                model.encoder_1, model.domain_classifier, domain, role == "source", threshold
            )
            for role, domain in opened.items()
        }
    if "transfer" in trained:
        results["transfer_error"] = {
            role: transfer_error(model, domain) for role, domain in opened.items()
        }
    return results


def without_nan(value):
    """The value with `None` for what JSON has no number for."""
    if isinstance(value, dict):
        return {name: without_nan(v) for name, v in value.items()}
    return value if math.isfinite(value) else None
