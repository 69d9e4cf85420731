"""How far to trust it: what was observed of past cases against what members and baselines say.

- ``observe``: between state and report: scope, people or movements, reporting lag, noise
- ``scores``: pure functions of observed and estimated figures
"""
