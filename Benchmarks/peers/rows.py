"""What is compared: the rows of nn-bench that other frameworks can do as well, under its names.

A row names a method of a framework and its arguments. The method returns the operation to be timed, a function without
arguments; a framework that lacks the method, or returns None, has no such row.
"""

from collections import namedtuple

LARGE_PRODUCT, LARGE_COUNT = 1 << 30, 1 << 20

Row = namedtuple("Row", "name shape method arguments is_large")


def extents(*numbers):
    return "x".join(str(number) for number in numbers)


def product(transposition, m, k, n):
    name = "matmul " + transposition
    return Row(name, extents(m, k, n), "matmul", (transposition, m, k, n), m * k * n > LARGE_PRODUCT)


def on_shape(method, name, shape):
    count = 1
    for extent in shape:
        count *= extent
    return Row(name, extents(*shape), method, (name, shape), count > LARGE_COUNT)


def products():
    rows = [product("NN", n, n, n) for n in (64, 128, 256, 512, 1024, 2048, 4096)]
    rows += [product(*shape) for shape in (
        ("NN", 32, 784, 128), ("NN", 128, 784, 128), ("TN", 784, 32, 128), ("NT", 32, 128, 784), ("NN", 1, 784, 128),
        ("NT", 32, 784, 128), ("NT", 1, 784, 128), ("NN", 32, 128, 10), ("NN", 512, 4096, 1024))]
    rows.append(product("TT", 512, 512, 512))
    for size in (512, 1024):
        rows += [product(transposition, size, size, size) for transposition in ("TN", "NT")]
    shapes = ((32, 784, 128), (128, 784, 128))
    return rows + [Row("linear relu", extents(*shape), "linear_relu", shape, False) for shape in shapes]


def elementwise():
    rows = [on_shape("binary", "bias-add", shape) for shape in ((32, 128), (128, 784), (4096, 4096))]
    rows += [on_shape("binary", "times column", (4096, 4096))]
    rows += [on_shape("binary", "add", shape) for shape in ((32, 128), (4096, 4096))]
    return rows + [on_shape("unary", name, shape) for name in ("relu", "sigmoid", "tanh", "gelu", "exp", "log")
                   for shape in ((32, 128), (1_000_000,), (4096, 4096))]


def reductions():
    rows = [on_shape("reduction", name, shape)
            for shape in ((32, 128), (4096, 4096)) for name in ("sum", "sum rows", "sum columns")]
    rows += [on_shape("reduction", name, (4096, 4096)) for name in ("max rows", "argmax columns")]
    rows += [on_shape("reduction", name, (256, 256, 256))
             for name in ("sum of the first axis", "sum of the middle axis", "sum of the last axis")]
    rows += [on_shape("reduction", "cumulative sum of " + lines, (2048, 2048)) for lines in ("rows", "columns")]
    return rows + [on_shape("reduction", "argmax rows", shape) for shape in ((32, 10), (4096, 4096))]


def softmaxes():
    return [on_shape("softmax", name, shape)
            for name in ("softmax", "log-softmax", "cross-entropy", "cross-entropy gradient")
            for shape in ((32, 10), (128, 1000), (4096, 4096))]


def copies():
    rows = [Row("copy", str(count), "copy", (count,), count > LARGE_COUNT) for count in (1 << 12, 1 << 24)]
    sizes = (128, 512, 4096)
    return rows + [Row("transpose", extents(size, size), "transpose", (size,), size > 1024) for size in sizes]


def training():
    def batches(name, method, sizes):
        return [Row(name, "784-128-10 batch %d" % size, method, (size,), False) for size in sizes]

    return (batches("forward", "forward", (1, 32, 128)) + batches("training step", "training_step", (32, 128))
            + batches("predictor", "predictor", (1, 32, 1024)) + batches("predict", "predictor", (1, 32, 1024))
            + [Row("training step", "LSTM 28x28-128-10 batch %d" % size, "lstm_step", (size,), False)
               for size in (32, 128)]
            + [Row("adam step", "101770", "adam_step", (), False)])


CONVOLUTIONS = (
    (8, 64, 56, 64, 3, 1, 1, 1), (32, 1, 28, 32, 3, 1, 0, 1), (32, 32, 13, 64, 3, 1, 0, 1),
    (8, 256, 14, 256, 3, 1, 1, 1), (8, 256, 14, 256, 1, 1, 0, 1), (8, 64, 56, 128, 3, 2, 1, 1),
    (8, 128, 28, 128, 3, 1, 1, 128))


def convolutions():
    """Batch, channels, size, filters, kernel, stride, padding and groups."""
    rows = []
    for sizes in CONVOLUTIONS:
        batch, channels, size, filters, kernel, stride, _, groups = sizes
        shape = extents(batch, channels, size, size) + " %dx%d %d" % (kernel, kernel, filters)
        shape += " stride %d" % stride if stride > 1 else ""
        shape += " groups %d" % groups if groups > 1 else ""
        rows += [Row("conv2d relu", shape, "convolution", sizes, False),
                 Row("conv2d gradients", shape, "convolution_gradients", sizes, False)]
    images = (32, 32, 26, 26)
    rows += [Row("max pool 2x2", extents(*images), "max_pool", images, False),
             Row("max pool 2x2 gradient", extents(*images), "max_pool_gradient", images, False)]
    return rows + [Row("training step", "conv 32-64-128-10 batch %d" % batch, "convolutional_step", (batch,), False)
                   for batch in (32, 128)]


def attention():
    rows = []
    for shape in ((2048, 128), (4096, 4096)):
        rows += [Row("layer norm", extents(*shape), "layer_norm", shape, False),
                 Row("layer norm gradients", extents(*shape), "layer_norm_gradients", shape, False)]
    name = "transformer 4 heads 128 wide 64 long batch 32"
    return rows + [Row("training step", name, "encoder_step", (0.0,), False),
                   Row("training step", name + " dropout", "encoder_step", (0.1,), False)]


def mixed_precision():
    """Batch or nothing, and whether layers compute in bfloat16."""
    rows = [Row("training step mixed_bfloat16", "conv 32-64-128-10 batch 128", "convolutional_step", (128, True), False)]
    for suffix, is_mixed in (("", False), (" mixed_bfloat16", True)):
        rows += [Row("predictor" + suffix, "6 blocks of MiniLM " + extents(batch, 128, 384), "sentences",
                     (batch, is_mixed), True) for batch in (1, 8)]
        rows.append(Row("training step" + suffix, "GPT 6 blocks 384 wide 128 long batch 8", "language_model_step",
                        (is_mixed,), True))
    return rows


def overheads():
    return [Row("overhead add", "4", "overhead", (), False),
            Row("overhead add with gradient", "4", "overhead_with_gradient", (), False)]


def all_rows():
    return (products() + elementwise() + reductions() + softmaxes() + copies() + training() + convolutions() + attention()
            + overheads() + mixed_precision())


def selected(filters, quick):
    """The rows that `--filter` and `--quick` leave."""
    return [row for row in all_rows() if not (quick and row.is_large)
            and (not filters or any(text in row.name + " " + row.shape for text in filters))]
