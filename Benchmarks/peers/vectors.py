"""Writes what layers of PyTorch give, forward and backward, to Tests/ProgramsTests/Vectors: what ours are compared with.

Usage: python3 vectors.py  (needs torch and safetensors). Small numbers, so that the files can be kept in the repository.
"""

import os

import torch
from safetensors.torch import save_file
from torch import nn

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../Tests/ProgramsTests/Vectors")


STATES = {"running_mean": "runningMean", "running_var": "runningVariance"}


def record(vectors, name, layer, *shape, parameters=None):
    """One layer at one input: parameters, output, and the gradients of Σ output·w with fixed weights w.

    `parameters` gives the parameters under our names, as functions of tensors under PyTorch's.
    """
    if parameters is None:
        parameters = {path: (path, lambda tensor: tensor) for path, _ in layer.named_parameters()}
    before = {path: buffer.clone() for path, buffer in layer.named_buffers() if buffer.dtype == torch.float32}
    x = (torch.rand(*shape) * 2 - 1).requires_grad_(True)
    y = layer(x)
    weights = torch.linspace(-1, 1, y.numel()).reshape(y.shape)
    (y * weights).sum().backward()
    vectors[name + ".input"] = x.detach()
    vectors[name + ".output"] = y.detach()
    vectors[name + ".output_gradient"] = weights
    vectors[name + ".input_gradient"] = x.grad
    found = dict(layer.named_parameters())
    for ours, (path, change) in parameters.items():
        vectors[name + "." + ours] = change(found[path].detach())
        vectors[name + "." + ours + "_gradient"] = change(found[path].grad)
    for path, buffer in layer.named_buffers():
        if path in before:
            vectors[name + "." + STATES[path]] = before[path]
            vectors[name + "." + STATES[path] + "_after"] = buffer.detach()


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
    record(vectors, "sequence", nn.Conv1d(3, 4, 4, stride=2, padding=1), 2, 3, 11)
    record(vectors, "sequence_dilated", nn.Conv1d(4, 6, 3, dilation=2, groups=2, padding=2), 2, 4, 9)
    record(vectors, "transposed", nn.ConvTranspose2d(3, 4, (3, 2), stride=(2, 3), padding=1, output_padding=(1, 2)),
           2, 3, 4, 3)
    record(vectors, "transposed_grouped", nn.ConvTranspose2d(4, 6, 3, groups=2, dilation=2, padding=2), 1, 4, 5, 4)
    record(vectors, "transposed_sequence", nn.ConvTranspose1d(3, 2, 4, stride=2, padding=1), 2, 3, 6)
    record(vectors, "max_sequence", nn.MaxPool1d(3, stride=2, padding=1), 2, 3, 10)
    record(vectors, "average_sequence", nn.AvgPool1d(3, stride=2, padding=1), 2, 3, 10)
    record(vectors, "adaptive_average", nn.AdaptiveAvgPool2d((3, 4)), 2, 2, 7, 9)
    record(vectors, "adaptive_average_even", nn.AdaptiveAvgPool2d((2, 3)), 2, 2, 6, 9)
    record(vectors, "adaptive_max", nn.AdaptiveMaxPool2d((3, 2)), 2, 2, 8, 5)
    record(vectors, "padded", nn.ZeroPad2d((1, 2, 3, 0)), 2, 2, 3, 4)
    record(vectors, "nearest", nn.Upsample(scale_factor=(2, 3)), 2, 2, 3, 4)
    record(vectors, "bilinear", nn.Upsample(scale_factor=(2, 3), mode="bilinear"), 2, 2, 3, 4)
    return vectors


def normalization():
    vectors = {}

    def drawn(layer):
        for tensor in list(layer.parameters()) + [b for b in layer.buffers() if b.dtype == torch.float32]:
            tensor.data.uniform_(0.5, 1.5)
        return layer

    record(vectors, "layer", drawn(nn.LayerNorm(6)), 3, 2, 6)
    record(vectors, "root_mean_square", drawn(nn.RMSNorm(6, eps=1e-5)), 3, 2, 6)
    record(vectors, "group", drawn(nn.GroupNorm(2, 4)), 2, 4, 3, 3)
    record(vectors, "instance", drawn(nn.GroupNorm(4, 4, eps=1e-3)), 2, 4, 5)
    record(vectors, "batch", drawn(nn.BatchNorm1d(4)), 5, 4)
    record(vectors, "batch_images", drawn(nn.BatchNorm2d(3, momentum=0.3)), 2, 3, 4, 3)
    record(vectors, "batch_inference", drawn(nn.BatchNorm2d(3)).eval(), 2, 3, 4, 3)
    return vectors


def attention():
    vectors = {}
    width = 8

    def part(index):
        return lambda tensor: tensor.chunk(3)[index].transpose(0, -1)

    def projections(prefix):
        names = {}
        for index, ours in enumerate(["query", "key", "value"]):
            names[f"attention.{ours}.weight"] = (prefix + "in_proj_weight", part(index))
            names[f"attention.{ours}.bias"] = (prefix + "in_proj_bias", part(index))
        names["attention.output.weight"] = (prefix + "out_proj.weight", lambda tensor: tensor.T)
        names["attention.output.bias"] = (prefix + "out_proj.bias", lambda tensor: tensor)
        return names

    class SelfAttention(nn.Module):
        def __init__(self, causal):
            super().__init__()
            self.inner = nn.MultiheadAttention(width, 2, batch_first=True)
            nn.init.uniform_(self.inner.in_proj_bias, -1, 1)
            self.causal = causal

        def forward(self, x):
            mask = nn.Transformer.generate_square_subsequent_mask(x.shape[1]) if self.causal else None
            return self.inner(x, x, x, attn_mask=mask, need_weights=False)[0]

    block = projections("self_attn.")
    for ours, theirs in [("attentionNorm", "norm1"), ("denseNorm", "norm2")]:
        for kind in ["weight", "bias"]:
            block[f"{ours}.{kind}"] = (f"{theirs}.{kind}", lambda tensor: tensor)
    for ours, theirs in [("expansion", "linear1"), ("contraction", "linear2")]:
        block[f"{ours}.weight"] = (f"{theirs}.weight", lambda tensor: tensor.T)
        block[f"{ours}.bias"] = (f"{theirs}.bias", lambda tensor: tensor)

    record(vectors, "self", SelfAttention(False), 2, 5, width, parameters=projections("inner."))
    record(vectors, "causal", SelfAttention(True), 2, 5, width, parameters=projections("inner."))
    encoder = dict(dim_feedforward=12, dropout=0, batch_first=True)
    record(vectors, "encoder", nn.TransformerEncoderLayer(width, 2, **encoder), 2, 5, width, parameters=block)
    first = nn.TransformerEncoderLayer(width, 4, activation="gelu", norm_first=True, **encoder)
    record(vectors, "encoder_first", first, 2, 5, width, parameters=block)
    return vectors


def decoder():
    """A decoder block that attends to the first three positions of its own input."""
    vectors = {}
    width = 8

    class Decoder(nn.Module):
        def __init__(self, heads, **settings):
            super().__init__()
            self.inner = nn.TransformerDecoderLayer(
                width, heads, dim_feedforward=12, dropout=0, batch_first=True, **settings)

        def forward(self, x):
            mask = nn.Transformer.generate_square_subsequent_mask(x.shape[1])
            return self.inner(x, x[:, :3], tgt_mask=mask, tgt_is_causal=True)

    def part(index):
        return lambda tensor: tensor.chunk(3)[index].transpose(0, -1)

    names = {}
    for ours, theirs in [("attention", "self_attn"), ("memoryAttention", "multihead_attn")]:
        for index, projection in enumerate(["query", "key", "value"]):
            names[f"block.{ours}.{projection}.weight"] = (f"inner.{theirs}.in_proj_weight", part(index))
            names[f"block.{ours}.{projection}.bias"] = (f"inner.{theirs}.in_proj_bias", part(index))
        names[f"block.{ours}.output.weight"] = (f"inner.{theirs}.out_proj.weight", lambda tensor: tensor.T)
        names[f"block.{ours}.output.bias"] = (f"inner.{theirs}.out_proj.bias", lambda tensor: tensor)
    for ours, theirs in [("attentionNorm", "norm1"), ("memoryNorm", "norm2"), ("denseNorm", "norm3")]:
        for kind in ["weight", "bias"]:
            names[f"block.{ours}.{kind}"] = (f"inner.{theirs}.{kind}", lambda tensor: tensor)
    for ours, theirs in [("expansion", "linear1"), ("contraction", "linear2")]:
        names[f"block.{ours}.weight"] = (f"inner.{theirs}.weight", lambda tensor: tensor.T)
        names[f"block.{ours}.bias"] = (f"inner.{theirs}.bias", lambda tensor: tensor)

    record(vectors, "decoder", Decoder(2), 2, 5, width, parameters=names)
    first = Decoder(4, activation="gelu", norm_first=True, layer_norm_eps=1e-3)
    record(vectors, "decoder_first", first, 2, 5, width, parameters=names)
    return vectors


def recurrent_names(layer):
    """Parameters of PyTorch by our names; matrices are stored transposed."""
    names = {}
    for path, parameter in layer.named_parameters():
        kind, operand = path.split("_")[:2]
        side = "" if not layer.bidirectional else "backwards." if path.endswith("_reverse") else "forwards."
        name = ("input" if operand == "ih" else "recurrent") + kind.capitalize()
        names[side + name] = parameter
    return names


def record_recurrent(vectors, name, layer, lengths=None, last=False):
    """A recurrent layer over sequences of 5 steps, or of these lengths and filled up with zeros; all states, or the last."""
    x = torch.rand(3, 5, 2) * 2 - 1
    for row, length in enumerate(lengths or []):
        x[row, length:] = 0
    x.requires_grad_(True)
    if lengths:
        packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        y, state = layer(packed)
        y, _ = nn.utils.rnn.pad_packed_sequence(y, batch_first=True, total_length=5)
    else:
        y, state = layer(x)
    if last:
        hidden = state[0] if isinstance(state, tuple) else state
        y = torch.cat(list(hidden), dim=-1)
    weights = torch.linspace(-1, 1, y.numel()).reshape(y.shape)
    (y * weights).sum().backward()
    vectors[name + ".input"] = x.detach()
    vectors[name + ".output"] = y.detach()
    vectors[name + ".output_gradient"] = weights
    vectors[name + ".input_gradient"] = x.grad
    for path, parameter in recurrent_names(layer).items():
        vectors[name + "." + path] = parameter.detach().t()
        vectors[name + "." + path + "_gradient"] = parameter.grad.t()


def recurrent():
    vectors = {}
    kinds = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
    for name, kind in kinds.items():
        record_recurrent(vectors, name, kind(2, 4, batch_first=True))
        record_recurrent(vectors, name + "_last", kind(2, 4, batch_first=True), last=True)
        both = kind(2, 3, batch_first=True, bidirectional=True)
        record_recurrent(vectors, name + "_padded", both, lengths=[5, 2, 4])
        record_recurrent(vectors, name + "_padded_last", kind(2, 4, batch_first=True), lengths=[3, 5, 1], last=True)
    return vectors


def layers():
    """Layers without a family, and compositions of PyTorch's layers that are one layer here."""
    vectors = {}
    for mode in ["reflect", "replicate", "circular"]:
        convolution = nn.Conv2d(2, 3, 3, stride=2, padding=(2, 1), padding_mode=mode)
        record(vectors, mode, convolution, 2, 2, 5, 4)
    record(vectors, "reflect_sequence", nn.Conv1d(2, 3, 3, padding=2, dilation=2, padding_mode="reflect"), 2, 2, 6)
    causal = nn.Sequential(nn.ConstantPad1d((4, 0), 0), nn.Conv1d(2, 3, 3, dilation=2))
    record(vectors, "causal_sequence", causal, 2, 2, 6, parameters=renamed({"weight": "1.weight", "bias": "1.bias"}))
    names = {"depthwiseWeight": "0.weight", "pointwiseWeight": "1.weight", "bias": "1.bias"}
    separable = nn.Sequential(nn.Conv2d(3, 6, (3, 2), stride=2, groups=3, bias=False), nn.Conv2d(6, 4, 1))
    record(vectors, "separable", separable, 2, 3, 7, 6, parameters=renamed(names))
    separable = nn.Sequential(nn.Conv1d(3, 3, 3, padding=1, groups=3, bias=False), nn.Conv1d(3, 4, 1))
    record(vectors, "separable_sequence", separable, 2, 3, 7, parameters=renamed(names))
    record(vectors, "slope", nn.PReLU(), 3, 4)
    record(vectors, "slopes", nn.PReLU(3), 2, 3, 4)
    record(vectors, "shuffled", nn.PixelShuffle(2), 2, 8, 2, 3)
    record(vectors, "resized", nn.Upsample((5, 3), mode="bilinear"), 2, 2, 3, 4)
    record(vectors, "resized_cubic", nn.Upsample((5, 7), mode="bicubic"), 2, 2, 4, 4)
    record(vectors, "linear_sequence", nn.Upsample(scale_factor=3, mode="linear"), 2, 2, 4)
    volumes = nn.Conv3d(2, 4, (2, 3, 2), stride=(1, 2, 1), padding=(1, 0, 1), dilation=(2, 1, 1), groups=2)
    record(vectors, "volumes", volumes, 2, 2, 3, 4, 3)
    record(vectors, "volumes_same", nn.Conv3d(1, 2, (3, 2, 1), padding="same"), 1, 1, 3, 2, 2)
    record(vectors, "volumes_max", nn.MaxPool3d((2, 2, 3), stride=(1, 2, 1), padding=(1, 0, 1)), 2, 2, 3, 4, 3)
    record(vectors, "volumes_average", nn.AvgPool3d(2, padding=(0, 1, 1)), 2, 2, 4, 3, 3)
    inside = nn.AvgPool3d(2, padding=(0, 1, 1), count_include_pad=False)
    record(vectors, "volumes_average_inside", inside, 2, 2, 4, 3, 3)
    record(vectors, "unit", Function(lambda x: nn.functional.normalize(x, dim=1)), 3, 4, 2)
    return vectors


def extents():
    """Transposed convolution of volumes, and adaptive pooling of sequences and volumes; computed in double precision."""
    torch.set_default_dtype(torch.float64)
    vectors = {}
    transposed = nn.ConvTranspose3d(4, 6, (2, 3, 2), stride=(2, 1, 3), padding=(1, 0, 1), output_padding=(1, 0, 2),
                                    dilation=(1, 2, 1), groups=2)
    record(vectors, "transposed", transposed, 2, 4, 3, 2, 3)
    same = nn.ConvTranspose3d(2, 3, (4, 3, 1), stride=(2, 1, 3), padding=(1, 1, 0), output_padding=(0, 0, 2))
    record(vectors, "transposed_same", same, 2, 2, 2, 3, 2)
    # An odd number of positions is cut; the additional one at the end.
    odd = Ending(nn.ConvTranspose3d(2, 3, (3, 2, 5), stride=2, padding=(0, 0, 1), bias=False))
    record(vectors, "transposed_same_odd", odd, 1, 2, 2, 3, 2, parameters=renamed({"weight": "inner.weight"}))
    for kind, name in [("Avg", "average"), ("Max", "max")]:
        sequences, volumes = (getattr(nn, f"Adaptive{kind}Pool{rank}d") for rank in [1, 3])
        record(vectors, name + "_sequence", sequences(4), 2, 3, 9)
        record(vectors, name + "_sequence_even", sequences(3), 2, 3, 9)
        record(vectors, name + "_sequence_longer", sequences(5), 2, 3, 3)
        record(vectors, name + "_volumes", volumes((2, 3, 4)), 2, 2, 5, 4, 6)
        record(vectors, name + "_volumes_even", volumes((2, 1, 3)), 2, 2, 4, 2, 6)
    torch.set_default_dtype(torch.float32)
    return {name: tensor.float() for name, tensor in vectors.items()}


def einsum():
    """Keras' EinsumDense as a formula in double precision: equations without and with hidden axes on either side."""
    torch.set_default_dtype(torch.float64)
    vectors = {}
    record(vectors, "steps", EinsumDense("abc,cd->abd", [3, 4], [4]), 2, 2, 3)
    record(vectors, "last", EinsumDense("...x,xy->...y", [3, 2], [2]), 2, 2, 2, 3)
    record(vectors, "first", EinsumDense("ab...,bc->ac...", [3, 2], [2, 1, 1]), 2, 3, 2, 2)
    record(vectors, "heads", EinsumDense("abc,cde->abde", [3, 2, 2], [2, 2]), 2, 2, 3)
    record(vectors, "joined", EinsumDense("abde,dec->abc", [2, 3, 2]), 2, 2, 2, 3)
    record(vectors, "separate", EinsumDense("abc,bcd->abd", [2, 3, 4], [2, 1], torch.tanh), 2, 2, 3)
    record(vectors, "summed", EinsumDense("abc,db->ad", [2, 3], [2]), 2, 3, 4)
    torch.set_default_dtype(torch.float32)
    return {name: tensor.float() for name, tensor in vectors.items()}


class EinsumDense(nn.Module):
    def __init__(self, equation, weight, bias=None, activation=None):
        super().__init__()
        self.equation, self.activation = equation, activation
        self.weight = nn.Parameter(torch.rand(weight) * 2 - 1)
        self.bias = nn.Parameter(torch.rand(bias)) if bias else None

    def forward(self, x):
        y = torch.einsum(self.equation, x, self.weight)
        y = y if self.bias is None else y + self.bias
        return self.activation(y) if self.activation else y


class Ending(nn.Module):
    """A transposed convolution with stride 2 whose output ends after twice the number of inputs."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, x):
        depth, height, width = (2 * extent for extent in x.shape[2:])
        return self.inner(x)[:, :, :depth, :height, :width]


class Function(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


def renamed(names):
    """Parameters under our names, unchanged."""
    return {ours: (theirs, lambda tensor: tensor) for ours, theirs in names.items()}


def main():
    os.makedirs(FOLDER, exist_ok=True)
    for family in [convolution, normalization, attention, recurrent, decoder, layers, extents, einsum]:
        torch.manual_seed(1)
        vectors = {name: tensor.contiguous() for name, tensor in family().items()}
        save_file(vectors, os.path.join(FOLDER, family.__name__ + ".safetensors"))


if __name__ == "__main__":
    main()
