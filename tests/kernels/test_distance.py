"""Distance to what changes hands."""

import numpy as np
from hypothesis import given
from hypothesis.extra import numpy as hnp

from displacement.kernels.distance import distance_to


@given(hnp.arrays(bool, (6, 7)))
def test_the_distance_is_that_to_the_nearest_marked_cell(mask):
    row, column = np.indices(mask.shape)
    marked = np.argwhere(mask)
    slow = np.full(mask.shape, np.inf)
    for at in marked:
        slow = np.minimum(slow, 1.5 * np.hypot(row - at[0], column - at[1]))
    np.testing.assert_allclose(distance_to(mask, 1.5), slow)
