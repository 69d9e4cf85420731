"""How far to trust it: what was observed of past cases against what members and baselines say.

- ``scores``: pure functions of observed and estimated figures
"""
