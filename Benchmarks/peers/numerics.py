"""Prints what PyTorch gives at the edges: the figures of Tests/NeuralNetworksTests/Numerics/NumericsTests.swift.

    python Benchmarks/peers/numerics.py
"""

import torch
import torch.nn.functional as F

inf, nan = float("inf"), float("nan")


def t(*values, grad=False):
    return torch.tensor(values, dtype=torch.float32, requires_grad=grad)


def show(name, value):
    if isinstance(value, torch.Tensor):
        value = value.detach().flatten().tolist()
    print(f"{name}: {value}")


def loss(name, function, prediction, target):
    x = torch.tensor(prediction, requires_grad=True)
    value = function(x, torch.tensor(target))
    value.backward()
    show(name, value)
    show(f"{name}, gradient", x.grad)


def refused(name, function):
    try:
        show(name, function())
    except Exception as error:
        print(f"{name}: refused, {str(error).splitlines()[0]}")


def softmaxes():
    for name, row in [("far", [1e4, 0.0, -1e4]), ("infinity", [inf, 0.0, 1.0]), ("nothing", [-inf, -inf, -inf]),
                      ("minus infinity", [-inf, 0.0, 1.0]), ("huge", [3e38, 3e38, -3e38])]:
        show(f"softmax, {name}", torch.softmax(t(*row), 0))
        show(f"log-softmax, {name}", torch.log_softmax(t(*row), 0))
    show("log-sum-exp, far", torch.logsumexp(t(1e4, 0.0, -1e4), 0))
    show("log-sum-exp, nothing", torch.logsumexp(t(-inf, -inf), 0))


def losses():
    for label in range(3):
        loss(f"cross-entropy, label {label}", F.cross_entropy, [[1000.0, -1000.0, 0.0]], [label])
    loss("cross-entropy, one class", F.cross_entropy, [[5.0], [-7.0]], [0, 0])
    loss("cross-entropy, impossible", F.cross_entropy, [[0.0, -inf]], [1])
    loss("cross-entropy, certain", F.cross_entropy, [[0.0, -inf]], [0])
    loss("cross-entropy, smoothed", lambda x, y: F.cross_entropy(x, y, label_smoothing=0.1), [[100.0, -100.0]], [0])
    loss("cross-entropy, all ignored", lambda x, y: F.cross_entropy(x, y, ignore_index=0), [[1.0, 2.0]], [0])
    for logit in [1000.0, -1000.0]:
        for target in [0.0, 1.0]:
            loss(f"binary, logit {logit} target {target}", F.binary_cross_entropy_with_logits, [logit], [target])
    for probability in [0.0, 1.0]:
        for target in [0.0, 1.0]:
            loss(f"binary, probability {probability} target {target}", F.binary_cross_entropy, [probability], [target])
    loss("squared, far", F.mse_loss, [1e30], [-1e30])
    loss("absolute, equal", F.l1_loss, [2.0, 3.0], [2.0, 2.0])
    loss("huber, far", F.huber_loss, [1e30, 0.0], [0.0, 0.0])


def reductions():
    empty = torch.zeros(0, 3)
    for name, function in [("sum", torch.sum), ("mean", torch.mean), ("product", torch.prod), ("max", torch.max),
                           ("any", lambda x: torch.any(x != 0)), ("all", lambda x: torch.all(x != 0)),
                           ("log-sum-exp", lambda x: torch.logsumexp(x, (0, 1))),
                           ("variance", lambda x: torch.var(x, correction=0))]:
        refused(f"{name} of nothing", lambda: function(empty))
    show("sum of no rows", empty.sum(0))
    show("mean of no rows", empty.mean(0))
    show("variance of one", torch.var(t(3.0), correction=1))
    show("population variance of one", torch.var(t(3.0), correction=0))
    show("deviation of equals", torch.std(t(2.0, 2.0, 2.0), correction=0))
    show("max with NaN", torch.max(t(1.0, nan, 2.0)))
    show("argmax with NaN", torch.argmax(t(1.0, nan, 2.0)))


def functions():
    extremes = t(-inf, -1000.0, -0.0, 1000.0, inf, nan)
    for name, function in [("sigmoid", torch.sigmoid), ("tanh", torch.tanh), ("relu", torch.relu),
                           ("softplus", F.softplus), ("gelu", F.gelu), ("silu", F.silu), ("elu", F.elu),
                           ("exp", torch.exp), ("log", torch.log), ("square root", torch.sqrt)]:
        show(name, function(extremes))
    show("quotients by zero", t(1.0, -1.0, 0.0) / t(0.0, 0.0, 0.0))
    show("power", torch.pow(t(0.0, -8.0, 0.0, 2.0), t(0.0, 1 / 3, -1.0, inf)))
    for name, function in [("square root", torch.sqrt), ("magnitude", torch.abs), ("relu", torch.relu),
                           ("log", torch.log)]:
        x = t(0.0, grad=True)
        function(x).sum().backward()
        show(f"gradient of the {name} at 0", x.grad)
    for name, function in [("clamp to 0...1", lambda x: torch.clamp(x, 0, 1)),
                           ("clamp from 0", lambda x: torch.clamp(x, min=0)),
                           ("maximum with 0", lambda x: torch.maximum(x, t(0.0)))]:
        x = t(-1.0, 0.0, 0.5, 1.0, 2.0, nan, grad=True)
        function(x).sum().backward()
        show(f"gradient of the {name} at -1, 0, 0.5, 1, 2, nan", x.grad)


def normalizations():
    show("layer norm of equals", F.layer_norm(t(4.0, 4.0, 4.0).reshape(1, 3), [3]))
    show("group norm of equals", F.group_norm(torch.full((1, 2, 2), 7.0), 2))
    show("batch norm of equals", F.batch_norm(torch.full((4, 1), 5.0), None, None, training=True))
    refused("batch norm of one example", lambda: F.batch_norm(torch.ones(1, 2), None, None, training=True))


if __name__ == "__main__":
    for part in [softmaxes, losses, reductions, functions, normalizations]:
        part()
