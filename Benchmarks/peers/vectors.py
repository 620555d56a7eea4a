"""Writes what layers of PyTorch give, forward and backward, to Tests/ProgramsTests/Vectors: what ours are compared with.

Usage: python3 vectors.py  (needs torch and safetensors). Small numbers, so that the files can be kept in the repository.
"""

import os

import torch
from safetensors.torch import save_file
from torch import nn

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../Tests/ProgramsTests/Vectors")


def record(vectors, name, layer, *shape):
    """One layer at one input: parameters, output, and the gradients of Σ output·w with fixed weights w."""
    x = (torch.rand(*shape) * 2 - 1).requires_grad_(True)
    y = layer(x)
    weights = torch.linspace(-1, 1, y.numel()).reshape(y.shape)
    (y * weights).sum().backward()
    vectors[name + ".input"] = x.detach()
    vectors[name + ".output"] = y.detach()
    vectors[name + ".output_gradient"] = weights
    vectors[name + ".input_gradient"] = x.grad
    for path, parameter in layer.named_parameters():
        vectors[name + "." + path] = parameter.detach()
        vectors[name + "." + path + "_gradient"] = parameter.grad


def convolution():
    vectors = {}
    record(vectors, "plain", nn.Conv2d(3, 4, 3), 2, 3, 7, 6)
    record(vectors, "strided", nn.Conv2d(2, 3, (3, 2), stride=(2, 3), padding=(1, 2)), 2, 2, 8, 9)
    record(vectors, "dilated", nn.Conv2d(2, 5, 3, dilation=2, padding=1), 1, 2, 9, 8)
    record(vectors, "grouped", nn.Conv2d(4, 6, 3, groups=2, padding=1), 2, 4, 5, 5)
    record(vectors, "depthwise", nn.Conv2d(3, 3, 3, groups=3, stride=2, bias=False), 2, 3, 9, 7)
    record(vectors, "max", nn.MaxPool2d(3, stride=2, padding=1), 2, 3, 7, 8)
    record(vectors, "average", nn.AvgPool2d(3, stride=2, padding=1), 2, 3, 7, 8)
    record(vectors, "average_inside", nn.AvgPool2d(3, stride=2, padding=1, count_include_pad=False), 2, 3, 7, 8)
    return vectors


def main():
    torch.manual_seed(1)
    os.makedirs(FOLDER, exist_ok=True)
    save_file({k: v.contiguous() for k, v in convolution().items()}, os.path.join(FOLDER, "convolution.safetensors"))


if __name__ == "__main__":
    main()
