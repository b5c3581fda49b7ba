"""Runs a method, resumes it after a kill, scores it and draws its pictures.

- `run_config`: all that decides a run's result.
- `recipes`: named settings of what the paper leaves open, or what goes beyond it.
- `run_folder`: the files that a run leaves.
- `open_domain`: a domain by name, with the user's options; `open_role`: a configuration's.
- `setup`: configuration, model and data, from which methods make steps.
- `train_method`: a whole run; `train_step`: one step of it; `chosen_steps`: which of them.
- `plain_errors`: errors from within TensorFlow's graphs, said plainly; `lost_machine`: another
  machine's end.
- `history`: the log of every epoch.
- `needed_by`: the networks that a method predicts by, and whether anybody has trained them.
- `load_network`: weights from a file, checked.
- `train_from_config`: a run from its configuration alone; `load_run`: the model of a finished one;
  `load_predictor`: that, or a preset's, and its `origin`; `publish_run`: a finished run
  as a preset.
- `run_once`: a run's scores, trained only if they are not there yet.
- `run_benchmark`: several methods and seeds, each method a `variant`; `chosen_methods`: all of
  them, or those that a user names; `known_rows`: what another machine has trained of it, if the
  `versions` are the same; `benchmark_pictures`: figures 3 and 4.
- `run_study`: adversarial losses and alphas side by side (figure 3).
- `report`: scores on the test splits, pictures, README; `panels`: figure 4's rows.
"""

from adaat_keras.methods.harness.run_config import RunConfig
from adaat_keras.methods.harness.train_method import train_method

__all__ = ["RunConfig", "train_method"]
