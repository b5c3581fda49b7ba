"""The evaluation of trainings, in numbers and pictures.

- `score`: a model on a split; `probe`: whether features tell the domains apart.
- `tables`, `figures`: of several methods; `paper_rows`: the paper's own numbers beside them.
- `run_page`: a run's README.
"""
