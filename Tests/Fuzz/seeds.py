"""Writes the seeds of the corpus: small files of each kind, as other programs write them.

Usage: "$(Scripts/test-python)" Tests/Fuzz/seeds.py
"""

import gzip
import io
import json
import os
import struct
import wave
import zlib

import numpy as np
from PIL import Image
from safetensors.numpy import save

HERE = os.path.dirname(os.path.abspath(__file__))


def write(reader, name, contents):
    folder = os.path.join(HERE, "Corpus", reader)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "wb") as file:
        file.write(contents if isinstance(contents, bytes) else contents.encode())


def idx(code, kind, array):
    array = np.array(array, kind)
    return bytes([0, 0, code, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def npy(array):
    data = io.BytesIO()
    np.save(data, array)
    return data.getvalue()


def npz(compressed, **arrays):
    data = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(data, **arrays)
    return data.getvalue()


def chunk(name, data):
    content = name.encode() + data
    return struct.pack(">I", len(data)) + content + struct.pack(">I", zlib.crc32(content))


def png(depth, kind, rows, *chunks, width=3, height=2, interlaced=False):
    """A PNG file of rows without filters."""
    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, interlaced)
    chunks = [("IHDR", header), *chunks, ("IDAT", zlib.compress(bytes(rows))), ("IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(name, data) for name, data in chunks)


def jpeg(mode, **options):
    pixels = bytes(place % 256 for place in range(99 * len(mode)))  # as many channels as letters
    data = io.BytesIO()
    Image.frombytes(mode, (11, 9), pixels).save(data, "JPEG", **options)
    return data.getvalue()


def write_images():
    write("image", "gray", png(1, 0, [0, 0xA0, 0, 0x40]))
    write("image", "alpha", png(16, 4, 2 * [0, *range(12)]))
    write("image", "palette", png(2, 3, [0, 0x18, 2, 0x24], ("PLTE", bytes(range(9))), ("tRNS", b"\x00\x80")))
    # The passes that three columns and two rows have: pixel 0, pixel 2, pixel 1, and the second row.
    rows = [0, 1, 2, 3, 0, 7, 8, 9, 0, 4, 5, 6, 0, *range(9)]
    exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0"
    write("image", "interlaced", png(8, 2, rows, ("gAMA", struct.pack(">I", 100000)), ("eXIf", exif), interlaced=True))
    orientation = Image.Exif()
    orientation[0x112] = 5
    write("image", "jpeg", jpeg("RGB", optimize=True, exif=orientation))
    write("image", "progressive", jpeg("RGB", progressive=True, subsampling=1))
    write("image", "luma", jpeg("L", optimize=True))
    write("image", "ink", jpeg("CMYK", optimize=True))


def riff(*chunks):
    content = b"".join(name.encode() + struct.pack("<I", len(data)) + data for name, data in chunks)
    return b"RIFF" + struct.pack("<I", 4 + len(content)) + b"WAVE" + content


def write_sounds():
    for size in [1, 2, 3, 4]:
        data = io.BytesIO()
        with wave.open(data, "wb") as file:
            file.setparams((2, size, 8000, 0, "NONE", ""))
            file.writeframes(bytes(range(6 * size)))
        write("wav", f"pcm{8 * size}", data.getvalue())
    samples = struct.pack("<3f", 0.5, -1, 2)
    floats = struct.pack("<HHIIHHH", 3, 1, 8000, 32000, 4, 32, 0)
    write("wav", "floats", riff(("fmt ", floats), ("fact", struct.pack("<I", 3)), ("data", samples)))
    guid = b"\3\0\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71"
    extensible = struct.pack("<HHIIHHHHI", 0xFFFE, 1, 8000, 32000, 4, 32, 22, 32, 4) + guid
    write("wav", "extensible", riff(("LIST", b"INFO"), ("fmt ", extensible), ("data", samples)))


def main():
    write_images()
    write_sounds()
    kinds = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
    for code, kind in kinds.items():
        write("idx", kind.replace(">", ""), idx(code, kind, [[1, 2], [3, 4]]))
    pixels = idx(0x08, "u1", np.zeros((2, 3, 3)))
    write("gzip", "images", gzip.compress(pixels, mtime=0))
    write("gzip", "members", gzip.compress(pixels[:10], mtime=0) + gzip.compress(pixels[10:], mtime=0))
    write("gzip", "stored", gzip.compress(pixels, 0, mtime=0) + bytes(3))
    write("csv", "header", 'x,y,"kind"\r\n1.5,-2e3,a\r\n3,.4,"b, ""c"""\r\n')
    write("csv", "semicolons", "1;2;0\n3;4;1\n\n5;6;1")
    write("csv", "kinds", 'id,age,city,born\n1,31,Kyiv,1990-01-02\n2,NA,"Lima, Peru",1985-07-14T12:30:00+02:00\n3,58,?,\n')
    write("csv", "described", "3,2,rose,lotus\n1,2,0\n3,4,1\n5,6,0\n")
    write("csv", "tabs", "\ufeff1\t 2\t7\n+3\t4.25E-2\t8\n")
    write("vocabulary", "words", "the\nfilm\r\nd\u00e9j\u00e0\n")
    write("text", "sentences", "it is good\t1\nIsn't it bad?\t0\r\n\nfine, fine\tfine\t2\n" + "a b\t1\n" * 4)
    write("npy", "floats", npy(np.array([[1.5, -2], [3, 4]], np.float32)))
    write("npy", "fortran", npy(np.asfortranarray(np.arange(6, dtype=">i8").reshape(2, 3))))
    write("npy", "halves", npy(np.array([1, np.inf, np.nan], np.float16)))
    write("npy", "flags", npy(np.array([[[True]]])))
    write("npy", "none", npy(np.zeros((0, 3), np.uint8)))
    arrays = {"a": np.arange(3, dtype=np.float32), "b": np.array(7, np.int32)}
    write("npz", "stored", npz(False, **arrays))
    write("npz", "deflated", npz(True, **arrays))

    tensors = {"0.weight": np.ones((2, 2), np.float32), "0.bias": np.zeros(2, np.float32)}
    layers = [{"layer": "Dense", "units": 2, "activation": "relu"}]
    metadata = {
        "architecture": json.dumps({"inputShape": [2], "layers": layers}),
        "information": json.dumps({"inputScaling": {"shift": [0], "factor": [0.5]}, "classNames": ["a", "b"]}),
    }
    state = {
        "epoch": 1, "step": 5, "batch": 0, "batchSize": 2, "seed": 7,
        "history": [{"epoch": 0, "seconds": 0.1, "names": ["loss"], "values": [0.5]}],
    }
    write("safetensors", "model", save(tensors, metadata))
    adam = {f"optimizer/0.weight/{kind}": np.zeros((2, 2), np.float32) for kind in ["first", "second"]}
    write("safetensors", "checkpoint", save(tensors | adam, metadata | {"training": json.dumps(state), "step": "5"}))
    kinds = ["float16", "float64", "int8", "int16", "int64", "uint8", "uint64", "bool"]
    write("safetensors", "kinds", save({kind: np.ones(1, kind) for kind in kinds}))
    for name in ["model", "kinds"]:
        with open(os.path.join(HERE, "Corpus/safetensors", name), "rb") as file:
            whole = file.read()
        head = struct.unpack("<Q", whole[:8])[0]
        write("safetensors-head", name, whole[8 : 8 + head] + b"\0" + whole[8 + head :])

    write("json", "value", '{"a": [1, -2.5e3, true, null, "\\u00e4\\ud83d\\ude00\\n"], "b": {}, "": []}')
    write("json", "numbers", "[0, -0, 9223372036854775808, 1e308, 5e-324, 0.1]")
    shapes = {
        "images": ([1, 9, 9], [
            {"layer": "Conv2D", "filters": 2, "kernel": [3, 3], "padding": "same", "activation": "relu"},
            {"layer": "BatchNorm"}, {"layer": "MaxPool2D", "window": [2, 2]}, {"layer": "Flatten"},
            {"layer": "Dropout", "probability": 0.5}, {"layer": "Dense", "units": 3}]),
        "sequences": ([5, 4], [
            {"layer": "Bidirectional", "recurrent": {"layer": "LSTM", "units": 2, "returnsSequence": True}},
            {"layer": "Residual", "layers": [{"layer": "SelfAttention", "heads": 2, "width": 4}]},
            {"layer": "TransformerEncoderBlock", "heads": 2, "width": 4}, {"layer": "GRU", "units": 2}]),
        "tokens": ([5], [
            {"layer": "Embedding", "tokens": 7, "width": 4}, {"layer": "LayerNorm"},
            {"layer": "Parallel", "joining": "sum", "layers": [
                {"layer": "GlobalAveragePool1D"}, {"layer": "Sequential", "layers": [{"layer": "GlobalMaxPool1D"}]}]}]),
    }
    for name, (shape, layers) in shapes.items():
        text = json.dumps({"inputShape": shape, "layers": layers})
        write("architecture", name, text)
        write("checkpoint", name, json.dumps(state) + "\0" + text)
    resumed = state | {
        "epoch": 1, "batch": 1, "learningRateScale": 0.5,
        "callbacks": [
            {"name": "EarlyStopping loss", "numbers": {"waited": 1, "best": 0.5, "epoch": 0}},
            {"name": "ReduceLearningRateOnPlateau loss",
             "numbers": {"reductions": 1, "badEpochs": 2, "coolingEpochs": 0, "best": 0.5}}],
        "values": {"loss/count": 2, "loss/size": 2, "0/count": 2},
    }
    write("checkpoint", "resumed", json.dumps(resumed) + "\0" + '{"layers": [{"layer": "Dense", "units": 1}]}')
    graph = {
        "inputs": [{"name": "x", "shape": [4]}, {"name": "ids", "shape": [3], "type": "int32"}],
        "layers": [{"layer": "Dense", "units": 4}, {"layer": "Embedding", "tokens": 5, "width": 4}, {"layer": "Add"},
                   {"layer": "SequenceAverage"}, {"layer": "Concatenate", "axis": 1}],
        "nodes": [{"layer": 0, "of": [0]}, {"layer": 1, "of": [1]}, {"layer": 3, "of": [3]}, {"layer": 2, "of": [2, 4]},
                  {"layer": 0, "of": [5], "name": "again"}, {"layer": 4, "of": [2, 6]}],
        "outputs": [{"name": "y", "node": 7}, {"name": "z", "node": 5}],
    }
    write("checkpoint", "graph", json.dumps(state) + "\0" + json.dumps(graph))


if __name__ == "__main__":
    main()
