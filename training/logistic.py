"""Logistic regression with numpy: weighted, L2-regularised, the same answer in every run."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]

#: Newton's method has converged when no coefficient moves by more than this.
_TOLERANCE = 1e-9
_ITERATIONS_MAX = 60
_HALVINGS_MAX = 30


def probability(log_odds: Float) -> Float:
    """Logistic function, without overflow."""
    p: Float = np.exp(-np.logaddexp(0.0, -log_odds))
    return p


def losses(log_odds: Float, label: NDArray[np.bool_]) -> Float:
    """Negative log likelihood of each label, nats."""
    return np.logaddexp(0.0, np.where(label, -log_odds, log_odds))


def _descent(x: Float, label: NDArray[np.bool_], weight: Float, l2: Float, beta: Float, step: Float) -> Float:
    """Halve a step until it does not go uphill; 0 where none does not, as near as float64 comes."""

    def objective(b: Float) -> float:
        return float(weight @ losses(x @ b, label) + 0.5 * l2 @ b**2)

    here = objective(beta)
    for _ in range(_HALVINGS_MAX):
        if objective(beta - step) <= here:
            return step
        step = step / 2
    return np.zeros_like(step)


def fit_logistic(x: Float, label: NDArray[np.bool_], weight: Float, l2: Float) -> Float:
    """Fit log odds = x @ coefficients.

    Parameters
    ----------
    x : float64 [n, k]
        Features; a column of ones where a bias is wanted.
    label : bool [n]
        Outcomes, of both kinds.
    weight : float64 [n]
        How much each counts in the likelihood.
    l2 : float64 [k]
        Penalty of each coefficient: l2 / 2 times its square; 0 leaves it free, as a bias should be.

    Returns
    -------
    float64 [k]
        Where the penalised likelihood is largest; unique where the penalties or the data make it so.

    Raises
    ------
    ValueError
        One kind of outcome is missing, or the search does not end.

    Notes
    -----
    Newton's method, which is iteratively reweighted least squares here (Hastie, Tibshirani and Friedman,
    The Elements of Statistical Learning, 2nd ed., 4.4.1), a step being halved until the objective falls.
    """
    if label.all() or not label.any():
        raise ValueError("logistic regression needs outcomes of both kinds")
    beta = np.zeros(x.shape[1])
    for _ in range(_ITERATIONS_MAX):
        p = probability(x @ beta)
        gradient = x.T @ (weight * (p - label)) + l2 * beta
        hessian = (x.T * (weight * p * (1.0 - p))) @ x + np.diag(l2)
        step = _descent(x, label, weight, l2, beta, np.linalg.solve(hessian, gradient))
        beta = beta - step
        if np.abs(step).max() <= _TOLERANCE:
            return beta
    raise ValueError(f"logistic regression: no convergence in {_ITERATIONS_MAX} iterations")
