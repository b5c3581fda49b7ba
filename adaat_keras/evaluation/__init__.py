"""The tables and figures of the paper, and predictions as files.

- `score`: a task's metrics over a domain (tables 2 and 3).
- `sample_features`: an encoder's features at random places of a domain.
- `domain_probe`: how well two domains can be told apart from features.
- `domain_accuracy`: how often the trained domain classifier is right.
- `transfer_error`: how far transferred features are from those that they should be.
- `gap_closed`: how much of what there is to gain a method gains.
- `spread_frames`: images from all over a domain.
- `draw_tsne`: features of both domains in a plane (figure 3).
- `draw_panels`: pictures, truth and predictions side by side (figure 4).
- `draw_curves`: a run's training curves.
- `write_run_readme`: the page that a run's folder opens with; `run_command`: the run as it is
  typed.
- `export_model`: a network as a SavedModel.
- `write_predictions`: predictions for image files.
- `find_images`: image files by name, folder or pattern.
- `read_image`: an image file as an array.
- `format_table`: benchmark results in the columns of tables 2 and 3.
- `format_overview`: several benchmarks in one table.
- `write_results`: benchmark results as CSV.
- `paper_rows`: what the paper reports for a pair of domains (tables 2 and 3; `paper/`).
- `paper_notes`: what to know of these rows before one compares with them.
- `parameter_table`: table 1 beside the networks' own counts.
- `any_size`: one compiled call for images of every size.
- `save_figure`: a figure as a file.
"""

from adaat_keras.evaluation.any_size import any_size
from adaat_keras.evaluation.domain_accuracy import domain_accuracy
from adaat_keras.evaluation.domain_probe import domain_probe
from adaat_keras.evaluation.draw_curves import draw_curves
from adaat_keras.evaluation.draw_panels import draw_panels
from adaat_keras.evaluation.draw_tsne import draw_tsne
from adaat_keras.evaluation.export_model import export_model
from adaat_keras.evaluation.find_images import find_images
from adaat_keras.evaluation.gap_closed import gap_closed
from adaat_keras.evaluation.read_image import read_image
from adaat_keras.evaluation.run_command import run_command
from adaat_keras.evaluation.sample_features import sample_features
from adaat_keras.evaluation.save_figure import save_figure
from adaat_keras.evaluation.score import score
from adaat_keras.evaluation.transfer_error import transfer_error
from adaat_keras.evaluation.write_predictions import write_predictions
from adaat_keras.evaluation.write_run_readme import write_run_readme

__all__ = [
    "any_size",
    "domain_accuracy",
    "domain_probe",
    "draw_curves",
    "draw_panels",
    "draw_tsne",
    "export_model",
    "find_images",
    "gap_closed",
    "read_image",
    "run_command",
    "sample_features",
    "save_figure",
    "score",
    "transfer_error",
    "write_predictions",
    "write_run_readme",
]
