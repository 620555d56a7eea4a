"""Writes ExtremeValues*.swift in Tests/NeuralNetworksTests/Numerics: functions and their first two derivatives over extreme
arguments, from their formulas with 60 digits (mpmath), and losses and normalizations in PyTorch's float64.

    python Benchmarks/peers/extremes.py
"""

import contextlib
import pathlib

import numpy
import torch
import torch.nn.functional as F
from mpmath import mp, mpf

mp.dps = 60
SIZES = [1e-30, 1e-6, 0.1, 1, 3, 6, 9, 12, 15, 17, 20, 30, 60, 87, 88.8, 104, 1000, 1e10, 1e20, 1e30]
LOGITS = [0.5, 3, 10, 15, 17, 20, 40, 88.8, 1000, 1e20]


def single(x):
    return float(numpy.float32(x))


def signed(sizes):
    sizes = [single(x) for x in sizes]
    return [-x for x in reversed(sizes)] + [0.0] + sizes


def sigma(x):
    return 1 / (1 + mp.exp(-x))


def derivative(x):  # of the sigmoid
    return sigma(x) * sigma(-x)


def bend(x):  # its derivative, σ′·(1 − 2σ) = σ′·(σ(−x) − σ(x))
    return derivative(x) * (sigma(-x) - sigma(x))


def density(x):
    return mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi)


def distribution(x):
    return mp.erfc(-x / mp.sqrt(2)) / 2


def sech(x):
    return 1 / mp.cosh(x) ** 2


def log_one_plus_exp(x):
    return mp.log1p(mp.exp(x)) if x < 50 else x + mp.exp(-x)


class Mish:
    """x·t with t = tanh(softplus(x))."""

    @staticmethod
    def factor(x):
        t = mp.tanh(log_one_plus_exp(x))
        first = sigma(x) * (1 - t * t)
        return t, first, derivative(x) * (1 - t * t) - 2 * t * first * sigma(x)

    @staticmethod
    def value(x):
        return x * Mish.factor(x)[0]

    @staticmethod
    def first(x):
        t, first, _ = Mish.factor(x)
        return t + x * first

    @staticmethod
    def second(x):
        _, first, second = Mish.factor(x)
        return 2 * first + x * second


class TanhGELU:
    """x·s with s = σ(z) and z = 2·√(2/π)·(x + 0.044715·x³)."""

    @staticmethod
    def inner(x):
        a, b = 2 * mp.sqrt(2 / mp.pi), mpf("0.044715")
        return a * (x + b * x**3), a * (1 + 3 * b * x * x), a * 6 * b * x

    @staticmethod
    def value(x):
        return x * sigma(TanhGELU.inner(x)[0])

    @staticmethod
    def first(x):
        z, first, _ = TanhGELU.inner(x)
        return sigma(z) + x * derivative(z) * first

    @staticmethod
    def second(x):
        z, first, second = TanhGELU.inner(x)
        return 2 * derivative(z) * first + x * (bend(z) * first**2 + derivative(z) * second)


def root(x):
    return mp.sqrt(x * x + 4)


# Of SELU.
SCALE, ALPHA = mpf("1.0507009873554804934193349852946"), mpf("1.6732632423543772848170429916717")

# Value, first and second derivative; at a kink those that PyTorch has, except for hardTanh at ±1.
ACTIVATIONS = {
    "relu": (lambda x: max(x, 0), lambda x: int(x > 0), lambda x: 0),
    "relu6": (lambda x: max(0, min(6, x)), lambda x: int(0 < x < 6), lambda x: 0),
    "leakyReLU()": (lambda x: x if x > 0 else mpf("0.01") * x, lambda x: 1 if x > 0 else mpf("0.01"), lambda x: 0),
    "elu()": (
        lambda x: x if x > 0 else mp.expm1(x),
        lambda x: 1 if x > 0 else mp.exp(x),
        lambda x: 0 if x > 0 else mp.exp(x),
    ),
    "celu()": (
        lambda x: x if x > 0 else mp.expm1(x),
        lambda x: 1 if x > 0 else mp.exp(x),
        lambda x: 0 if x > 0 else mp.exp(x),
    ),
    "selu": (
        lambda x: SCALE * (x if x > 0 else ALPHA * mp.expm1(x)),
        lambda x: SCALE * (1 if x > 0 else ALPHA * mp.exp(x)),
        lambda x: SCALE * (0 if x > 0 else ALPHA * mp.exp(x)),
    ),
    "geluTanh": (TanhGELU.value, TanhGELU.first, TanhGELU.second),
    "gelu": (
        lambda x: x * distribution(x),
        lambda x: distribution(x) + x * density(x),
        lambda x: (2 - x * x) * density(x),
    ),
    "silu": (
        lambda x: x * sigma(x),
        lambda x: sigma(x) * (1 + x * sigma(-x)),
        lambda x: derivative(x) * (2 + x * (sigma(-x) - sigma(x))),
    ),
    "sigmoid": (sigma, derivative, bend),
    "tanh": (mp.tanh, sech, lambda x: -2 * mp.tanh(x) * sech(x)),
    "softplus": (log_one_plus_exp, sigma, derivative),
    "mish": (Mish.value, Mish.first, Mish.second),
    "hardSwish": (
        lambda x: x * max(0, min(1, x / 6 + mpf("0.5"))),
        lambda x: 0 if x <= -3 else 1 if x >= 3 else (2 * x + 3) / 6,
        lambda x: mpf(1) / 3 if -3 < x < 3 else 0,
    ),
    "hardSigmoid": (
        lambda x: max(0, min(1, x / 6 + mpf("0.5"))),
        lambda x: mpf(1) / 6 if -3 < x < 3 else 0,
        lambda x: 0,
    ),
    "logSigmoid": (lambda x: -log_one_plus_exp(-x), lambda x: sigma(-x), lambda x: -derivative(x)),
    "hardTanh()": (lambda x: max(-1, min(1, x)), lambda x: int(-1 <= x <= 1), lambda x: 0),
    "tanhShrink": (
        lambda x: x - mp.tanh(x),
        lambda x: mp.tanh(x) ** 2,
        lambda x: 2 * mp.tanh(x) * sech(x),
    ),
    "softShrink()": (
        lambda x: mp.sign(x) * max(0, abs(x) - mpf("0.5")),
        lambda x: int(abs(x) > 0.5),
        lambda x: 0,
    ),
    "hardShrink()": (lambda x: x if abs(x) > 0.5 else 0, lambda x: int(abs(x) > 0.5), lambda x: 0),
    "threshold(0.5, value: -2)": (
        lambda x: x if x > 0.5 else -2,
        lambda x: int(x > 0.5),
        lambda x: 0,
    ),
    "softsign": (
        lambda x: x / (1 + abs(x)),
        lambda x: 1 / (1 + abs(x)) ** 2,
        lambda x: -2 * mp.sign(x) / (1 + abs(x)) ** 3,
    ),
    "squarePlus()": (
        lambda x: (x + root(x)) / 2 if x > 0 else 2 / (root(x) - x),
        lambda x: (1 + x / root(x)) / 2 if x > 0 else 2 / (root(x) * (root(x) - x)),
        lambda x: 2 / root(x) ** 3,
    ),
}


def number(x):
    x = float(x)
    if abs(x) < 1e-60:
        return "0"
    return repr(x) if numpy.isfinite(x) else ".infinity" if x > 0 else "-.infinity" if x < 0 else ".nan"


def row(numbers):
    return "[" + ", ".join(number(x) for x in numbers) + "]"


def lines(numbers, indent):
    """A list, broken to the width of a line."""
    text, line = [], indent + "  "
    for x in numbers:
        piece = number(x) + ", "
        if len(line) + len(piece) > 118:
            text.append(line.rstrip())
            line = indent + "  "
        line += piece
    text.append(line.rstrip())
    return "[\n" + "\n".join(text) + "\n" + indent + "]"


# The functions that are defined piece by piece; the others are smooth.
PIECEWISE = {"relu", "relu6", "leakyReLU()", "elu()", "celu()", "selu", "hardSwish", "hardSigmoid", "hardTanh()",
             "softShrink()", "hardShrink()", "threshold(0.5, value: -2)"}


def arguments():
    print("  static let arguments: [Double] =", lines(signed(SIZES), "  "))
    print()
    print("  static let activations = piecewiseActivations + smoothActivations")
    print()


def activations(title, names):
    print(f"  static let {title}: [Function] = [")
    for name in names:
        print(f"    Function(\n      .{name},")
        print("      orders: [")
        for order in ACTIVATIONS[name]:
            print("        " + lines([order(mpf(z)) for z in signed(SIZES)], "        ") + ",")
        print("      ]),")
    print("  ]")


def binary():
    print("  /// Logit, target, and the loss with its first two derivatives.")
    print("  static let binaryCrossEntropy: [[Double]] = [")
    for z in signed(LOGITS):
        for t in [0, 1, 0.25]:
            x = mpf(z)
            softplus = ACTIVATIONS["softplus"][0]
            value = t * softplus(-x) + (1 - t) * softplus(x)
            print("    " + row([z, t, value, -t * sigma(-x) + (1 - t) * sigma(x), derivative(x)]) + ",")
    print("  ]")
    print()


def differences():
    """Losses of a difference d, from their formulas."""
    d = signed([1e-30, 1e-3, 0.5, 1, 1.5, 100, 1e10, 1e18])
    losses = {
        "meanSquaredError": (lambda d: d * d, lambda d: 2 * d, lambda d: 2),
        "meanAbsoluteError": (abs, lambda d: mp.sign(d), lambda d: 0),
        "huber()": (
            lambda d: d * d / 2 if abs(d) <= 1 else abs(d) - mpf("0.5"),
            lambda d: max(-1, min(1, d)),
            lambda d: int(abs(d) <= 1),
        ),
    }
    print("  static let differences: [Double] =", lines(d, "  "))
    print()
    print("  static let regressionLosses: [LossOfDifference] = [")
    for name, orders in losses.items():
        print(f"    LossOfDifference(\n      .{name},\n      orders: [")
        for order in orders:
            print("        " + lines([order(mpf(z)) for z in d], "        ") + ",")
        print("      ]),")
    print("  ]")
    print()


def derivatives(function, x, upstream, size=1.0):
    """y = f(x), dx = the gradient of Σ upstream·y, and the gradient of Σ (size·dx)²."""
    x = torch.tensor([single(z) for z in x], dtype=torch.float64, requires_grad=True)
    y = function(x)
    (gradient,) = torch.autograd.grad((y * torch.tensor(upstream, dtype=torch.float64)).sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(((gradient * size) ** 2).sum(), x)
    return [v.detach().tolist() for v in (y, gradient, second)]


def rows():
    upstream = [1, -2, 3, 0.5]
    inputs = [[0, 1, 2, -1], [1e6, 1e6 + 1, 1e6 + 3, 1e6 - 2], [1e8, 1e8 + 8, 1e8 - 8, 1e8], [100, -100, 0, 99],
              [1e20, 1e20, -1e20, 0], [-1e30, -1e30, -1e30, -1e30]]
    print("  /// Upstream gradient of the rows.")
    print(f"  static let upstream: [Double] = {row(upstream)}")
    print()
    for name, function in [("softmax", lambda x: F.softmax(x, 0)), ("logSoftmax", lambda x: F.log_softmax(x, 0))]:
        print(f"  static let {name}: [RowCase] = [")
        for x in inputs:
            case(x, derivatives(function, x, upstream), 1)
        print("  ]")
        print()
    print("  /// With label 2.")
    for smoothing in [0.0, 0.1]:
        print(f"  static let crossEntropy{'Smoothed' if smoothing else ''}: [RowCase] = [")
        for x in inputs:
            f = lambda x: F.cross_entropy(x[None], torch.tensor([2]), label_smoothing=smoothing).reshape(1)
            case(x, derivatives(f, x, [1]), 1)
        print("  ]")
        print()


def case(x, orders, size):
    print(f"    RowCase(\n      {row(single(z) for z in x)}, size: {number(size)},\n      orders: [")
    for order in orders:
        print(f"        {row(order)},")
    print("      ]),")


def normalizations():
    upstream = [1, -2, 3, 0.5]
    sizes = [1e-20, 1e-10, 1e-3, 1, 1e10, 1e18, 1e20, 1e25, 1e30]
    forms = [("layerNorm", lambda x: F.layer_norm(x, (4,), eps=1e-5)), ("rmsNorm", lambda x: F.rms_norm(x, (4,), eps=1e-5)),
             ("standardDeviation", lambda x: x.std(unbiased=False).reshape(1))]
    for name, function in forms:
        print(f"  static let {name}: [RowCase] = [")
        for size in sizes:
            x = [size * z for z in [1, 2, 4, -3]]
            # The first derivative is about 1/size, except for numbers much smaller than epsilon; that of a deviation 1.
            scale = 1 if name == "standardDeviation" else max(size, 1e-3)
            case(x, derivatives(function, x, [1] if name == "standardDeviation" else upstream, scale), scale)
        print("  ]")
        print()


HEAD = """// Made by Benchmarks/peers/extremes.py.

import NeuralNetworks
"""

TYPES = """import Testing

/// Values and derivatives over extreme arguments. Numbers below 1e-60 are 0.
enum ExtremeValues {
  /// A function with its derivatives of order 0, 1 and 2 at `arguments`.
  struct Function: Sendable, CustomTestStringConvertible {
    let function: ActivationFunction
    let orders: [[Double]]
    var testDescription: String { function.name }

    init(_ function: ActivationFunction, orders: [[Double]]) {
      self.function = function
      self.orders = orders
    }
  }

  /// A loss of a difference with its derivatives at `differences`.
  struct LossOfDifference: Sendable, CustomTestStringConvertible {
    let loss: Loss
    let orders: [[Double]]
    var testDescription: String { loss.name }

    init(_ loss: Loss, orders: [[Double]]) {
      self.loss = loss
      self.orders = orders
    }
  }

  /// A function of a row: its value, the gradient of Σ upstream·value, and the gradient of Σ (size·gradient)².
  struct RowCase: Sendable, CustomTestStringConvertible {
    let row: [Double]
    let size: Double
    let orders: [[Double]]
    var testDescription: String { "\\(row)" }

    init(_ row: [Double], size: Double, orders: [[Double]]) {
      self.row = row
      self.size = size
      self.orders = orders
    }
  }
"""

FOLDER = pathlib.Path(__file__).parents[2] / "Tests/NeuralNetworksTests/Numerics"


def write(name, opening, *parts):
    """Writes a file with what the parts print."""
    with open(FOLDER / f"{name}.swift", "w", encoding="utf-8") as file, contextlib.redirect_stdout(file):
        print(HEAD + opening)
        for part in parts:
            part()
        print("}")


write("ExtremeValues", TYPES, arguments, binary, differences, rows)
write("ExtremeValues+Normalization", "\nextension ExtremeValues {", normalizations)
for title, of in [("Piecewise", True), ("Smooth", False)]:
    names = [name for name in ACTIVATIONS if (name in PIECEWISE) == of]
    write(f"ExtremeValues+{title}", "\nextension ExtremeValues {",
          lambda: activations(f"{title.lower()}Activations", names))
