"""Writes small files of torch.save, which Tests/ModelFormatsTests reads and the fuzzer starts from.

Usage: python3 torch_files.py      writes to Tests/Fuzz/Corpus/pytorch and Tests/Fuzz/Corpus/pickle, which has only pickles
Needs torch. Files that must be refused have a hyphen in their names.
"""

import io
import os
import zipfile

import torch
from torch import nn

CORPUS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../Tests/Fuzz/Corpus")


def write(name, value, **options):
    torch.save(value, os.path.join(CORPUS, "pytorch", name), **options)


def write_pickle(name, value, **options):
    data = io.BytesIO()
    torch.save(value, data, **options)
    with zipfile.ZipFile(data) as archive, open(os.path.join(CORPUS, "pickle", name), "wb") as file:
        file.write(archive.read("archive/data.pkl"))


def main():
    for folder in ["pytorch", "pickle"]:
        os.makedirs(os.path.join(CORPUS, folder), exist_ok=True)
    torch.manual_seed(1)
    base = torch.arange(12, dtype=torch.float32).reshape(3, 4)
    write("views", {
        "whole": base, "transposed": base.t(), "row": base[1], "column": base[:, 2], "sparse": base[::2, 1::2],
        "again": base, "scalar": base[2, 3], "none": base[:0], "parameter": nn.Parameter(base[1:, 1:]), 7: base[0, :1],
    })
    values = torch.tensor([1, 0, 3])
    kinds = ["float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "uint16", "uint32",
             "uint64", "bool", "complex64", "float8_e4m3fn"]
    write("types", {kind: values.to(getattr(torch, kind)) for kind in kinds})
    net = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
    optimizer = torch.optim.Adam(net.parameters())
    net(torch.rand(4, 3)).square().sum().backward()
    optimizer.step()
    with torch.no_grad():
        for place, tensor in enumerate(net.state_dict().values()):
            tensor.copy_(torch.arange(tensor.numel()).reshape(tensor.shape) + 10 * place)
    write("checkpoint", {
        "epoch": 3, "rate": 0.125, "none": None, "seed": 2**70, "shape": torch.Size([2, 3]), "names": ["a", ("b", b"c")],
        "model_state_dict": net.state_dict(), "optimizer": optimizer.state_dict(),
    })
    write("protocol5", net.state_dict(), pickle_protocol=5)
    write("whole-module", net)
    write("sparse-tensor", {"a": base.to_sparse()})
    write("before-1.6", net.state_dict(), _use_new_zipfile_serialization=False)
    # All storages have 48 bytes, as the reader of the fuzzer expects.
    tensors = {kind: torch.zeros(2, 24 // getattr(torch, kind).itemsize, dtype=getattr(torch, kind)) for kind in kinds}
    write_pickle("types", tensors)
    model = nn.Linear(6, 2, bias=False).state_dict()
    model["slice"] = torch.zeros(3, 4)[1:, ::2]
    write_pickle("checkpoint", {"epoch": 3, "loss": [0.5, None, True], "model": model, "more": ((), "a", -300, 2**40)})
    write_pickle("protocol5", model, pickle_protocol=5)
    write_pickle("whole-module", net)


if __name__ == "__main__":
    main()
