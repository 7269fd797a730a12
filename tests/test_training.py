"""The training loop: it sees every row once an epoch, keeps the best weights, and says so when it breaks down."""

from __future__ import annotations

import math
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from polyculture.errors import ParameterError
from polyculture.training import batches, classification, judge, optimiser, train

X = torch.from_numpy(np.random.RandomState(0).normal(size=(80, 3)).astype(np.float32))
Y = (X[:, 0] > 0).long()
TRAIN, HELD = np.arange(60), np.arange(60, 80)


def network(seed=0, dropout=0.0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Dropout(dropout), nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))


def objective(target=Y, **settings):
    return classification(lambda rows: (X[rows],), target, **settings)


def weights(net):
    return {name: tensor.clone() for name, tensor in net.state_dict().items()}


def same(a, b):
    return all(torch.equal(a[name], b[name]) for name in a)


class TestBatches:
    @settings(max_examples=40, deadline=None)
    @given(
        rows=st.lists(st.integers(0, 10_000), min_size=1, max_size=300, unique=True),
        size=st.integers(1, 20),
        by_length=st.booleans(),
        seed=st.integers(0, 999),
    )
    def test_every_row_comes_once(self, rows, size, by_length, seed):
        lengths = np.random.RandomState(1).randint(1, 50, 10_001) if by_length else None
        cut = batches(np.array(rows), size, np.random.RandomState(seed), lengths)
        assert sorted(int(row) for part in cut for row in part) == sorted(rows)
        assert max(len(part) for part in cut) <= size
        assert min(len(part) for part in cut) >= 1

    def test_order_follows_the_seed(self):
        one, two, other = (torch.cat(batches(TRAIN, 8, np.random.RandomState(seed))).tolist() for seed in (0, 0, 1))
        assert one == two
        assert one != other

    def test_items_of_like_length_share_a_batch(self):
        lengths = np.arange(256) % 32
        cut = batches(np.arange(256), 8, np.random.RandomState(0), lengths)
        assert max(np.ptp(lengths[part.numpy()]) for part in cut) == 0
        order = [int(lengths[part.numpy()].min()) for part in cut]
        assert order != sorted(order)


class TestOptimisers:
    @pytest.mark.parametrize(
        "name",
        [
            "Adam",
            "adamw",
            "SGD",
            "rmsprop",
            "Adagrad",
            "Adadelta",
            "Adamax",
            "ASGD",
            "NAdam",
            "RAdam",
            "Rprop",
            "LBFGS",
        ],
    )
    def test_any_of_torch_lowers_the_loss(self, name):
        net = network()
        before = judge(net, objective(), TRAIN)[0]
        train(net, objective(), TRAIN, optimizer=name, learning_rate=0.05, epochs=5, batch_size=20)
        assert judge(net, objective(), TRAIN)[0] < before

    def test_settings_reach_it(self):
        steps = optimiser("sgd", network().parameters(), lr=0.3, weight_decay=0.2)
        assert (steps.param_groups[0]["lr"], steps.param_groups[0]["weight_decay"]) == (0.3, 0.2)

    @pytest.mark.parametrize("name", ["gradient", "optimizer", "sparseadam", ""])
    def test_an_unknown_name_is_an_error_that_lists_the_known(self, name):
        with pytest.raises(ParameterError, match=f"no optimiser named '{name}' in torch.optim; use one of .*adamw"):
            optimiser(name, network().parameters())

    def test_one_that_cannot_train_the_network_is_an_error(self):
        with pytest.raises(ParameterError, match="the optimiser 'sgd' cannot train this network"):
            optimiser("sgd", network().parameters(), lr=-1.0)


class Counter(nn.Module):
    """One weight, which grows by one a step."""

    def __init__(self):
        super().__init__()
        self.steps = nn.Parameter(torch.zeros(()))


def counted(curve):
    """Train a `Counter` whose held-out loss after t steps is curve[t]."""
    net = Counter()

    def objective(network, rows):
        loss = -network.steps if network.training else torch.tensor(curve[int(network.steps)]) + 0 * network.steps
        return loss, 0, len(rows)

    settings = {"optimizer": "sgd", "learning_rate": 1.0, "weight_decay": 0.0, "batch_size": 60, "patience": 2}
    history = train(net, objective, TRAIN, HELD, epochs=len(curve) - 1, **settings)
    return int(net.steps), [epoch.validation_loss for epoch in history]


class TestStopping:
    @pytest.mark.parametrize(
        ("curve", "kept", "ran"),
        [
            ([9.0, 5.0, 3.0, 4.0, 4.0, 0.0], 2, 4),  # patience runs out before the lowest of all
            ([9.0, 5.0, 6.0, 3.0, 6.0, 2.0], 5, 5),  # each time one epoch before it runs out
            ([1.0, 2.0, 3.0, 0.0], 0, 2),  # the weights it starts from are a candidate
            ([2.0, 2.0, 2.0, 2.0], 0, 2),  # an equal loss is no gain
            ([3.0, 2.0, 1.0], 2, 2),
            ([3.0, math.nan, 1.0, 2.0], 2, 3),
        ],
    )
    def test_the_weights_of_the_best_epoch_stay(self, curve, kept, ran):
        assert counted(curve)[0] == kept
        np.testing.assert_array_equal(counted(curve)[1], curve[1 : ran + 1])

    @pytest.mark.parametrize("held", [None, np.arange(0)])
    def test_without_held_out_rows_all_epochs_run_and_the_last_weights_stay(self, held):
        seen, net = [], network()
        history = train(net, objective(), TRAIN, held, epochs=7, on_epoch=lambda _: seen.append(weights(net)))
        assert [epoch.epoch for epoch in history] == list(range(1, 8))
        assert all(math.isnan(epoch.validation_loss) for epoch in history)
        assert same(weights(net), seen[-1])
        assert not same(weights(net), seen[-2])

    @pytest.mark.parametrize("held", [None, HELD])
    def test_the_running_mean_of_the_weights_is_judged_and_stays(self, held):
        net = Counter()

        def objective(network, rows):
            return (-network.steps if network.training else 1.0 / (1.0 + network.steps)), 0, len(rows)

        settings = {"optimizer": "sgd", "learning_rate": 1.0, "weight_decay": 0.0, "batch_size": 20}
        history = train(net, objective, TRAIN, held, epochs=2, average=0.5, **settings)
        mean, steps = 1.0, 1
        for step in range(2, 2 * math.ceil(len(TRAIN) / 20) + 1):
            kept = min(0.5, (1 + steps) / (10 + steps))
            mean, steps = kept * mean + (1 - kept) * step, steps + 1
        assert net.steps.item() == pytest.approx(mean)
        if held is not None:
            assert history[-1].validation_loss == pytest.approx(1.0 / (1.0 + mean))

    def test_a_step_follows_the_sum_of_both_gradients(self):
        net = Counter()

        @contextmanager
        def disturb():
            with torch.no_grad():
                net.steps.add_(2.0)
            yield
            with torch.no_grad():
                net.steps.sub_(2.0)

        def objective(network, rows):
            return network.steps**2, 0, len(rows)

        with torch.no_grad():
            net.steps.add_(1.0)
        settings = {"optimizer": "sgd", "learning_rate": 0.1, "weight_decay": 0.0, "batch_size": len(TRAIN)}
        train(net, objective, TRAIN, None, epochs=1, disturb=disturb, **settings)
        assert net.steps.item() == pytest.approx(1.0 - 0.1 * (2.0 * 1.0 + 2.0 * 3.0))

    def test_no_epochs_change_nothing(self):
        net = network()
        before = weights(net)
        assert train(net, objective(), TRAIN, HELD, epochs=0) == []
        assert same(weights(net), before)


class TestLoop:
    def test_the_same_seed_gives_the_same_weights_with_dropout(self):
        nets = [network(dropout=0.5) for _ in range(3)]
        for net, seed in zip(nets, (1, 1, 2), strict=True):
            train(net, objective(), TRAIN, HELD, epochs=3, batch_size=8, seed=seed)
        assert same(weights(nets[0]), weights(nets[1]))
        assert not same(weights(nets[0]), weights(nets[2]))

    def test_frozen_parameters_stay(self):
        net = network()
        net[1].requires_grad_(False)
        before = weights(net)
        train(net, objective(), TRAIN, epochs=2)
        after = weights(net)
        assert torch.equal(after["1.weight"], before["1.weight"])
        assert not torch.equal(after["3.weight"], before["3.weight"])

    def test_held_out_rows_are_not_trained_on(self):
        nets = [network(), network()]
        turned = torch.where(torch.arange(80) < 60, Y, 1 - Y)
        seen: list[list] = [[], []]
        for net, target, epochs in zip(nets, (Y, turned), seen, strict=True):
            train(
                net, objective(target), TRAIN, HELD, epochs=4, patience=9,
                on_epoch=lambda _, net=net, epochs=epochs: epochs.append(weights(net)),
            )  # fmt: skip
        assert all(same(one, two) for one, two in zip(*seen, strict=True))

    def test_clipping_bounds_the_step(self):
        free, clipped = network(), network()
        for net, clip in ((free, 0.0), (clipped, 1e-3)):
            train(
                net,
                objective(),
                TRAIN,
                optimizer="sgd",
                weight_decay=0,
                learning_rate=1.0,
                batch_size=60,
                epochs=1,
                clip=clip,
            )
        start = weights(network())
        moves = [
            math.sqrt(sum(float(((w - start[n]) ** 2).sum()) for n, w in weights(net).items()))
            for net in (free, clipped)
        ]
        assert moves[1] <= 1.001e-3 < moves[0]

    def test_it_leaves_the_network_ready_to_answer(self):
        net = network(dropout=0.5)
        train(net, objective(), TRAIN, epochs=1)
        assert not net.training

    def test_smoothing_is_for_training_alone(self):
        net = network()
        plain, smooth = (objective(smoothing=s) for s in (0.0, 0.3))
        assert judge(net, plain, HELD) == judge(net, smooth, HELD)
        net.train()
        rows = torch.arange(10)
        assert float(plain(net, rows)[0].detach()) != float(smooth(net, rows)[0].detach())

    @pytest.mark.parametrize("size", [1, 7, 20, 100])
    def test_judgement_does_not_depend_on_the_batch(self, size):
        net = network()
        loss, accuracy = judge(net, objective(), HELD, size)
        logits = net(X[60:]).detach()
        assert loss == pytest.approx(float(nn.functional.cross_entropy(logits, Y[60:])), abs=1e-6)
        assert accuracy == float((logits.argmax(1) == Y[60:]).float().mean())

    def test_a_loss_that_is_no_number_is_an_error(self):
        with pytest.raises(
            ParameterError, match="expert x: the loss is no longer a number in epoch 1; lower the learning"
        ):
            train(
                network(),
                objective(),
                TRAIN,
                HELD,
                optimizer="sgd",
                learning_rate=1e30,
                epochs=3,
                batch_size=8,
                name="expert x",
            )
