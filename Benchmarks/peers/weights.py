"""Models of PyTorch whose saved weights this package loads, and the other way round.

Usage: python3 weights.py                      writes weights, inputs and outputs to Tests/ProgramsTests/Vectors/PyTorch
       python3 weights.py NAME WEIGHTS DATA    loads WEIGHTS into the model NAME, strictly, and prints how far its outputs are
                                               from those in DATA
Needs torch and safetensors.
"""

import os
import sys

import torch
from safetensors.torch import load_file, save_file
from torch import nn

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../Tests/ProgramsTests/Vectors/PyTorch")


def perceptron():
    layers = [nn.Flatten(), nn.Linear(12, 8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 5), nn.Tanh(), nn.Linear(5, 3)]
    return nn.Sequential(*layers), torch.rand(4, 3, 4)


class Convolutional(nn.Module):
    """Not square, so that an order of axes that is wrong shows."""

    def __init__(self):
        super().__init__()
        self.features = nn.ModuleDict({"conv1": nn.Conv2d(2, 4, 3, padding=1), "bn1": nn.BatchNorm2d(4)})
        self.conv2 = nn.Conv2d(4, 6, (3, 2), groups=2, bias=False)
        self.bn2 = nn.BatchNorm2d(6)
        self.fc = nn.Linear(6 * 3 * 2, 3)

    def forward(self, x):
        x = nn.functional.max_pool2d(torch.relu(self.features["bn1"](self.features["conv1"](x))), 2)
        x = torch.relu(self.bn2(self.conv2(x)))
        return self.fc(torch.flatten(x, 1))


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(11, 4)
        self.lstm = nn.LSTM(4, 3, num_layers=2, bidirectional=True, batch_first=True)
        self.norm = nn.LayerNorm(6)
        self.fc = nn.Linear(6, 2)

    def forward(self, x):
        _, (hidden, _) = self.lstm(self.embedding(x))
        return self.fc(self.norm(torch.cat([hidden[-2], hidden[-1]], dim=-1)))


class Gated(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(3))
        self.encoder = nn.ModuleDict({"cell": kind(3, 4, batch_first=True)})
        self.head = nn.Linear(4, 2)

    def forward(self, x):
        _, hidden = self.encoder["cell"](x * self.scale)
        return self.head(hidden[-1])


class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        layer = nn.TransformerEncoderLayer(8, 2, dim_feedforward=12, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2)
        self.attention = nn.MultiheadAttention(8, 4, batch_first=True)
        self.fc = nn.Linear(8, 2)

    def forward(self, x):
        x = self.encoder(x)
        return self.fc(self.attention(x, x, x, need_weights=False)[0])


def models():
    """The models with an input each."""
    return {
        "perceptron": perceptron(),
        "convolutional": (Convolutional(), torch.rand(2, 2, 10, 6)),
        "recurrent": (Recurrent(), torch.randint(0, 11, (3, 5), dtype=torch.int32)),
        "gru": (Gated(nn.GRU), torch.rand(3, 5, 3)),
        "rnn": (Gated(nn.RNN), torch.rand(3, 5, 3)),
        "transformer": (Transformer(), torch.rand(2, 4, 8)),
    }


def write():
    os.makedirs(FOLDER, exist_ok=True)
    torch.manual_seed(1)
    for name, (model, x) in models().items():
        for tensor in model.state_dict().values():
            if tensor.is_floating_point():
                tensor.uniform_(0.5, 1.5) if tensor.dim() == 1 else tensor.uniform_(-1, 1)
        with torch.inference_mode():
            y = model.eval()(x)
        save_file(model.state_dict(), os.path.join(FOLDER, name + ".safetensors"))
        save_file({"input": x, "output": y}, os.path.join(FOLDER, name + ".data.safetensors"))


def check(name, weights, data):
    model, _ = models()[name]
    model.load_state_dict(load_file(weights))
    vectors = load_file(data)
    with torch.inference_mode():
        print((model.eval()(vectors["input"]) - vectors["output"]).abs().max().item())


if __name__ == "__main__":
    check(*sys.argv[1:]) if len(sys.argv) > 1 else write()
