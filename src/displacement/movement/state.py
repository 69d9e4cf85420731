"""Where everybody is between two steps."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from displacement.movement import returns, trips
from displacement.movement.classes import Classes
from displacement.movement.departures import PRIOR

Array = NDArray[Any]


class State(NamedTuple):
    """Where everybody is. A step makes a new one, but for `first` and `again`, which it changes in place."""

    home: Array
    """Never left, shape (group, block)."""
    unable: Array
    """Want to leave for the first time and cannot, shape (status, block)."""
    stayed: Array
    """Wanted to leave, could not, and found it quiet again before they could, shape (status, block)."""
    returned: Array
    """Came home, shape (ready, status, block)."""
    away: Array
    """Away from home by block, shape (ready, status, block): the sum of the three below."""
    present: Array
    """Shape (row, destination)."""
    first: trips.OnTheWay
    """On their first trip, by class; how ready they are to go home is told apart on arrival."""
    again: trips.OnTheWay
    """On a later trip, by row."""
    turned_first: Array
    """Found the destination of their first trip closed and choose again there, shape (class, destination)."""
    turned_again: Array
    """The same of a later trip, shape (row, destination)."""
    price: Array
    """Of crowding, shape (destination,). [logit]"""


def nobody_away(classes: Classes, places: int, start: Array) -> State:
    """Everybody at home."""
    own, rows = classes.zone.size, classes.of_row.size
    by_block = np.zeros((len(returns.READY), 2, start.shape[1]))

    return State(
        home=start.copy(),
        unable=by_block[0],
        stayed=by_block[0],
        returned=by_block,
        away=by_block,
        present=np.zeros((rows, places)),
        first=trips.OnTheWay(own, places),
        again=trips.OnTheWay(rows, places),
        turned_first=np.zeros((own, places)),
        turned_again=np.zeros((rows, places)),
        price=np.zeros(places),
    )


def already_away(state: State, begun: Array, classes: Classes, split: Array) -> State:
    """With some people away from the start: residents of the groups at home, in parts."""
    away = begun.sum(axis=1)
    residents = state.home[~PRIOR].sum(axis=0)
    left = 1.0 - np.divide(away, residents, out=np.zeros_like(away), where=residents > 0)
    home, gone = state.home.copy(), state.away.copy()
    home[~PRIOR] *= left
    gone[:, 0] = split[:, None] * away
    of_classes = np.asarray(classes.adding.T @ begun)
    present = of_classes[classes.of_row] * classes.split[:, None]
    return state._replace(home=home, away=gone, present=present)
