"""How far to trust it: what was observed of past cases against what members and baselines say.

- ``backtest``: a past case run and scored
- ``baselines``: what a planner could have had without a model
- ``calibrate``: shared assumptions fitted to the cases that are marked for it
- ``fitting``: a past case for fitting: figures that may be read, their errors, their estimates
- ``observe``: between state and report: scope, people or movements, reporting lag, noise
- ``scoreboard``: cases scored, one by one and together; what agencies planned for
- ``scores``: pure functions of observed and estimated figures
- ``smoother``: fitting without gradients
"""
