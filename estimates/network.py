"""Five small networks that together estimate how likely an appointment is to be missed, and how sure they are.

Each is a logistic part beside one hidden layer, trained on patients drawn anew, so that what they disagree about is
what the practice's history leaves open. Trained on the CPU in seconds; the same history gives the same bytes.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from estimates.features import FEATURES
from models.errors import ContractBroken

if TYPE_CHECKING:
    import torch

Floats = NDArray[np.float64]

NETWORKS = 5
HIDDEN = 12
_STEPS = 200
_BATCH = 1024
_RATE = 0.02
# As a normal prior on every weight would have it: the more appointments, the less it holds back.
_PENALTY = 30.0
_HIDDEN_PENALTY = 60.0
_T_OF_FIVE = 2.776
"""Student's t for 95 % with the four degrees of freedom of five networks."""
SHAPES = {
    "skip": (NETWORKS, len(FEATURES), 1),
    "inner": (NETWORKS, len(FEATURES), HIDDEN),
    "inner_bias": (NETWORKS, 1, HIDDEN),
    "outer": (NETWORKS, HIDDEN, 1),
    "bias": (NETWORKS, 1, 1),
    "middle": (len(FEATURES),),
    "spread": (len(FEATURES),),
    "calibration": (2,),
    "calibration_doubt": (2, 2),
}


class NoShowEnsemble:
    """The trained networks with their calibration; ``tensors`` is all there is to them."""

    def __init__(self, tensors: Mapping[str, "torch.Tensor"]) -> None:
        """Raises ContractBroken for tensors of another make: they were trained on other features."""
        shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
        if shapes != SHAPES:
            raise ContractBroken("these weights are of another no-show network", field="weights")
        self.tensors = dict(tensors)

    @classmethod
    def from_bytes(cls, weights: bytes) -> "NoShowEnsemble":
        """Read what ``to_bytes`` gave, a safetensors file; raises ContractBroken for anything else."""
        from safetensors import SafetensorError
        from safetensors.torch import load

        try:
            return cls(load(weights))
        except SafetensorError:
            raise ContractBroken("these weights cannot be read", field="weights") from None

    def to_bytes(self) -> bytes:
        from safetensors.torch import save

        return save({name: tensor.contiguous() for name, tensor in self.tensors.items()})

    def estimates(self, rows: NDArray[np.float32]) -> tuple[Floats, Floats, Floats]:
        """How likely each appointment is to be missed, and the 95 % interval of that: each [n].

        The interval is what the five disagree about beside what the calibration leaves open. It says how far the
        history carries, not what a patient will do.
        """
        raw = self._raw(rows)
        slope, shift = (float(each) for each in self.tensors["calibration"])
        middle, doubt = raw.mean(0), self.tensors["calibration_doubt"].numpy().astype(float)
        of_calibration = middle**2 * doubt[0, 0] + 2 * middle * doubt[0, 1] + doubt[1, 1]
        half = _T_OF_FIVE * np.sqrt((slope * raw).var(0, ddof=1) + np.maximum(of_calibration, 0.0))
        centre = slope * middle + shift
        return _share(centre), _share(centre - half), _share(centre + half)

    def _raw(self, rows: NDArray[np.float32]) -> Floats:
        """The log-odds of each network before calibration: [5, n]."""
        import torch

        with _one_thread(), torch.inference_mode():
            given = (torch.from_numpy(rows) - self.tensors["middle"]) / self.tensors["spread"]
            return _log_odds(self.tensors, given).numpy().astype(float)


def train(rows: NDArray[np.float32], missed: Floats, patients: NDArray[np.object_], *, seed: int = 7) -> NoShowEnsemble:
    """Train on past appointments, one row of FEATURES each; ``missed`` 1 or 0. Not calibrated yet."""
    with _one_thread():
        return _trained(rows, missed, patients, seed)


def _trained(rows: NDArray[np.float32], missed: Floats, patients: NDArray[np.object_], seed: int) -> NoShowEnsemble:
    import torch

    chance = torch.Generator().manual_seed(seed)
    given, label = torch.from_numpy(rows), torch.from_numpy(missed.astype(np.float32))
    middle, spread = given.mean(0), given.std(0, correction=0).clamp_min(1e-3)
    given = (given - middle) / spread
    tensors = {
        "skip": torch.zeros(SHAPES["skip"]),
        "inner": torch.randn(SHAPES["inner"], generator=chance) * len(FEATURES) ** -0.5,
        "inner_bias": torch.zeros(SHAPES["inner_bias"]),
        "outer": torch.randn(SHAPES["outer"], generator=chance) * 0.1,
        "bias": torch.full(SHAPES["bias"], _odds_of(missed)),
    }
    trained = [tensor.requires_grad_() for tensor in tensors.values()]
    optimiser = torch.optim.Adam(trained, lr=_RATE)
    falling = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, _STEPS)
    weights = _drawn(patients, chance)
    for _ in range(_STEPS):
        batch = torch.randint(len(given), (min(_BATCH, len(given)),), generator=chance)
        losses = torch.nn.functional.binary_cross_entropy_with_logits(
            _log_odds(tensors, given[batch]), label[batch].expand(NETWORKS, -1), reduction="none"
        )
        held_back = _HIDDEN_PENALTY * (tensors["inner"].square().sum() + tensors["outer"].square().sum())
        held_back = held_back + _PENALTY * tensors["skip"].square().sum()
        loss = (losses * weights[:, batch]).mean(1).sum() + held_back / (2 * len(given))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        falling.step()
    found = {name: tensor.detach() for name, tensor in tensors.items()}
    as_it_is = {"calibration": torch.tensor([1.0, 0.0]), "calibration_doubt": torch.zeros(2, 2)}
    return NoShowEnsemble({**found, "middle": middle, "spread": spread, **as_it_is})


def calibrate(ensemble: NoShowEnsemble, rows: NDArray[np.float32], missed: Floats) -> NoShowEnsemble:
    """The same networks with a slope and a shift of their log-odds that fit appointments they were not trained on.

    Platt's two numbers by Newton's method, drawn towards leaving things as they are.
    """
    import torch

    raw = ensemble._raw(rows).mean(0)
    given = np.column_stack([raw, np.ones_like(raw)])
    usual, worth = np.array([1.0, 0.0]), np.diag([10.0, 1.0])
    found = usual.copy()
    for _ in range(25):
        share = _share(given @ found)
        bend = (given * (share * (1 - share))[:, None]).T @ given + worth
        step = np.linalg.solve(bend, given.T @ (missed - share) - worth @ (found - usual))
        found = found + step
        if np.abs(step).max() < 1e-8:
            break
    found[0] = max(found[0], 0.05)  # the order of the estimates is never turned round
    doubt = {"calibration": torch.tensor(found).float(), "calibration_doubt": torch.tensor(np.linalg.inv(bend)).float()}
    return NoShowEnsemble({**ensemble.tensors, **doubt})


@contextmanager
def _one_thread() -> Iterator[None]:
    """Sums of the same order on every machine; and for matrices this small further threads only wait for each other."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _log_odds(tensors: Mapping[str, Any], given: "torch.Tensor") -> "torch.Tensor":
    """[5, n] from standardised rows [n, features]."""
    import torch

    inner = torch.tanh(given @ tensors["inner"] + tensors["inner_bias"])
    return (given @ tensors["skip"] + inner @ tensors["outer"] + tensors["bias"]).squeeze(-1)


def _drawn(patients: NDArray[np.object_], chance: "torch.Generator") -> "torch.Tensor":
    """How often each appointment counts for each network: its patient drawn anew, [5, n]."""
    import torch

    _, of_patient = np.unique(patients.astype(str), return_inverse=True)
    count = int(of_patient.max()) + 1
    often = torch.poisson(torch.ones(NETWORKS, count), generator=chance)
    return often[:, torch.from_numpy(of_patient)]


def _odds_of(missed: Floats) -> float:
    share = (missed.sum() + 1) / (len(missed) + 2)
    return float(np.log(share / (1 - share)))


def _share(log_odds: Floats) -> Floats:
    return 1 / (1 + np.exp(-np.clip(log_odds, -30, 30)))
