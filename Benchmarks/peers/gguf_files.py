"""Writes small GGUF files with the package gguf, which Tests/ModelFormatsTests reads and the fuzzer starts from.

Usage: python3 gguf_files.py      writes to Tests/Fuzz/Corpus/gguf
Needs gguf and numpy. Files that must be refused have a hyphen in their names.
"""

import os
import struct

import numpy as np
from gguf import GGMLQuantizationType as Type, GGUFEndian, GGUFValueType as Value, GGUFWriter, GGML_QUANT_SIZES
from gguf.quants import dequantize, quantize

CORPUS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../Tests/Fuzz/Corpus/gguf")
SCALES = {  # the positions of float16 numbers in a block
    Type.Q4_0: [0], Type.Q4_1: [0, 2], Type.Q5_0: [0], Type.Q5_1: [0, 2], Type.Q8_0: [0], Type.Q4_K: [0, 2],
    Type.Q5_K: [0, 2], Type.Q6_K: [208],
}


def path(name):
    return os.path.join(CORPUS, name)


def write(name, tensors, values=(), **options):
    """Tensors by name: an array, or bytes of blocks and their type."""
    writer = GGUFWriter(path(name), "test", **options)
    for key, value, kind in values:
        if key == "general.alignment":
            writer.add_custom_alignment(value)
        else:
            writer.add_key_value(key, value, kind)
    for key, tensor in tensors.items():
        if isinstance(tensor, tuple):
            writer.add_tensor(key, tensor[0], raw_dtype=tensor[1])
        else:
            writer.add_tensor(key, tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def bfloat16(array):
    return (np.asarray(array, np.float32).view(np.uint32) >> 16).astype(np.uint16).view(np.uint8)


def blocks(random, kind, rows, columns):
    """Random integers, with scales that are numbers of moderate size."""
    count, size = GGML_QUANT_SIZES[kind]
    data = random.integers(0, 256, (rows * columns // count, size), dtype=np.uint8)
    for place in SCALES[kind]:
        scales = random.normal(0, 0.05, (len(data), 1)).astype(np.float16)
        data[:, place:place + 2] = scales.view(np.uint8)
    return data.reshape(rows, -1)


def main():
    os.makedirs(CORPUS, exist_ok=True)
    values = np.array([1, 0, 3])
    kinds = ["float64", "float32", "float16", "int64", "int32", "int16", "int8"]
    arrays = {kind: values.astype(kind) for kind in kinds}
    arrays["bfloat16"] = (bfloat16(values), Type.BF16)
    arrays["cube"] = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    arrays["Q2_K"] = (np.zeros((1, 84), np.uint8), Type.Q2_K)
    write("types", arrays, [
        ("u8", 255, Value.UINT8), ("i8", -128, Value.INT8), ("u16", 65535, Value.UINT16), ("i16", -32768, Value.INT16),
        ("u32", 2**32 - 1, Value.UINT32), ("i32", -(2**31), Value.INT32), ("f32", 0.1, Value.FLOAT32),
        ("u64", 2**64 - 1, Value.UINT64), ("i64", -(2**63), Value.INT64), ("f64", 0.1, Value.FLOAT64),
        ("bool", True, Value.BOOL), ("text", "ä\n", Value.STRING), ("none", "", Value.STRING),
        ("integers", [1, -2, 3], Value.ARRAY), ("texts", ["a", "", "bc"], Value.ARRAY), ("bytes", b"\x00\xff", Value.ARRAY),
        ("nested", [[1, 2], [3]], Value.ARRAY), ("flags", [True, False], Value.ARRAY),
    ])
    # Each matrix of blocks is followed by the numbers that gguf decodes.
    random = np.random.default_rng(7)
    tensors = {}
    for kind in SCALES:
        columns = max(64, GGML_QUANT_SIZES[kind][0])
        data = blocks(random, kind, 2, columns)
        tensors[kind.name] = (data, kind)
        tensors[kind.name + " decoded"] = dequantize(data, kind)
    write("blocks", tensors)
    # Numbers, and the blocks to which gguf converts them: of ordinary size, ties, tiny, large, of one sign, and zeros.
    numbers = random.normal(0, 1, (9, 64)).astype(np.float32)
    numbers[1] = np.round(numbers[1] * 4) / 4
    numbers[2] *= np.float32(1e-6)
    numbers[3] *= np.float32(1e4)
    numbers[4], numbers[5] = abs(numbers[4]), -abs(numbers[5])
    numbers[6], numbers[7] = 0, 0.7
    numbers[8] = np.arange(64) - 31
    made = {kind.name: (quantize(numbers, kind), kind) for kind in [Type.Q8_0, Type.Q4_0, Type.Q4_1]}
    write("quantized", {"numbers": numbers} | made)
    # nn.Linear(32, 2) and its bias, with rows that Q8_0 holds exactly: multiples of 1/8 up to 127/8.
    weight = (np.arange(64, dtype=np.float32).reshape(2, 32) * 2 - 127 + np.array([[0], [127]])) / 8
    weight[:, 0] = 127 / 8
    data = quantize(weight, Type.Q8_0)
    assert (dequantize(data, Type.Q8_0) == weight).all()
    layer = {"0.weight": (data, Type.Q8_0), "0.bias": np.array([1, 2], np.float32)}
    write("model", layer, [("general.alignment", 64, None)])
    write("big-endian", {"a": np.zeros(2, np.float32)}, endianess=GGUFEndian.BIG)
    with open(path("model"), "rb") as file:
        whole = file.read()
    for version, name in [(2, "version2"), (1, "version-1")]:
        with open(path(name), "wb") as file:
            file.write(whole[:4] + struct.pack("<I", version) + whole[8:])


if __name__ == "__main__":
    main()
