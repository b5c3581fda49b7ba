"""Runs: a method trained in a folder, resumed after a kill, scored and drawn.

- `config`: everything that determines a run's result.
- `folder`: the files of a run; `load_trained`: a run's or a preset's model.
- `train`: a run, stage by stage; `checks`: checks before it; `lock`: one process at a time;
  `report`: its scores, pictures and README.
- `benchmark`: several methods and seeds side by side; `study`: figure 3.
- `publish`: a finished run as a preset, with its `card`.
"""
