"""PyTorch in eager mode."""

import torch
from torch.nn import functional as F

UNARY = {"relu": torch.relu, "sigmoid": torch.sigmoid, "tanh": torch.tanh, "gelu": F.gelu, "exp": torch.exp,
         "log": torch.log}
REDUCTIONS = {
    "sum": torch.sum, "sum rows": lambda x: torch.sum(x, 1), "sum columns": lambda x: torch.sum(x, 0),
    "max rows": lambda x: torch.amax(x, 1), "argmax rows": lambda x: torch.argmax(x, 1),
    "argmax columns": lambda x: torch.argmax(x, 0), "sum of the first axis": lambda x: torch.sum(x, 0),
    "sum of the middle axis": lambda x: torch.sum(x, 1), "sum of the last axis": lambda x: torch.sum(x, 2),
    "cumulative sum of rows": lambda x: torch.cumsum(x, 1), "cumulative sum of columns": lambda x: torch.cumsum(x, 0),
}


class Framework:
    call_seconds = 0

    def __init__(self, device, threads):
        self.version = torch.__version__
        self.device = "cpu" if device == "cpu" else "cuda"
        if threads:
            torch.set_num_threads(threads)
        # Like with like: float32 products in float32, not in TF32.
        torch.set_float32_matmul_precision("highest")

    def synchronize(self, _):
        if self.device == "cuda":
            torch.cuda.synchronize()

    def uniform(self, *shape, low=-1.0):
        return torch.rand(*shape, device=self.device) * (1 - low) + low

    def labels(self, count, classes):
        return (torch.arange(count, device=self.device) * 7) % classes

    def model(self):
        return torch.nn.Sequential(torch.nn.Linear(784, 128), torch.nn.ReLU(), torch.nn.Linear(128, 10)).to(self.device)

    def matmul(self, transposition, m, k, n):
        a = self.uniform(k, m).t() if transposition[0] == "T" else self.uniform(m, k)
        b = self.uniform(n, k).t() if transposition[1] == "T" else self.uniform(k, n)
        return lambda: torch.mm(a, b)

    def linear_relu(self, m, k, n):
        x, w, bias = self.uniform(m, k), self.uniform(k, n), self.uniform(n)
        return lambda: torch.relu(torch.addmm(bias, x, w))

    def binary(self, name, shape):
        others = {"bias-add": shape[1:], "times column": (shape[0], 1)}
        x, y = self.uniform(*shape), self.uniform(*others.get(name, shape))
        return (lambda: x * y) if name == "times column" else (lambda: x + y)

    def unary(self, name, shape):
        function, x = UNARY[name], self.uniform(*shape, low=0.01 if name == "log" else -1.0)
        return lambda: function(x)

    def reduction(self, name, shape):
        function, x = REDUCTIONS[name], self.uniform(*shape)
        return lambda: function(x)

    def softmax(self, name, shape):
        logits, labels = self.uniform(*shape), self.labels(*shape)
        if name == "softmax":
            return lambda: torch.softmax(logits, -1)
        if name == "log-softmax":
            return lambda: torch.log_softmax(logits, -1)
        if name == "cross-entropy":
            return lambda: F.cross_entropy(logits, labels)
        logits.requires_grad_()
        return lambda: torch.autograd.grad(F.cross_entropy(logits, labels), logits)

    def copy(self, count):
        source, destination = self.uniform(count), self.uniform(count)
        return lambda: destination.copy_(source)

    def transpose(self, size):
        x = self.uniform(size, size)
        return lambda: x.t().contiguous()

    def forward(self, batch):
        model, images = self.model(), self.uniform(batch, 784)

        def operation():
            with torch.inference_mode():
                return model(images)
        return operation

    predictor = forward

    def training_step(self, batch):
        return self.step_of(self.model(), self.uniform(batch, 784), self.labels(batch, 10))

    def lstm_step(self, batch):
        class Rows(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.lstm, self.dense = torch.nn.LSTM(28, 128, batch_first=True), torch.nn.Linear(128, 10)

            def forward(self, rows):
                return self.dense(self.lstm(rows)[0][:, -1])

        return self.step_of(Rows().to(self.device), self.uniform(batch, 28, 28), self.labels(batch, 10))

    def step_of(self, model, images, labels, is_mixed=False):
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

        def operation():
            optimizer.zero_grad()
            with torch.autocast(self.device, torch.bfloat16, enabled=is_mixed):
                loss = F.cross_entropy(model(images), labels)
            loss.backward()
            optimizer.step()
        return operation

    @staticmethod
    def blocks(heads, is_gpt):
        block = torch.nn.TransformerEncoderLayer(
            384, heads, 1536, 0.0 if is_gpt else 0.1, "gelu", batch_first=True, norm_first=is_gpt)
        return torch.nn.TransformerEncoder(block, 6, enable_nested_tensor=False)

    def sentences(self, batch, is_mixed):
        """The weights are converted once, as a program for predictions would."""
        dtype = torch.bfloat16 if is_mixed else torch.float32
        model = self.blocks(12, False).to(self.device, dtype).eval()
        words = self.uniform(batch, 128, 384).to(dtype)

        def operation():
            with torch.inference_mode():
                return model(words)
        return operation

    def language_model_step(self, is_mixed):
        nn, blocks = torch.nn, self.blocks(6, True)

        class Model(nn.Module):
            def __init__(self):
                super().__init__()
                self.words, self.blocks = nn.Embedding(96, 384), blocks
                self.norm, self.output = nn.LayerNorm(384), nn.Linear(384, 96)
                self.register_buffer("positions", torch.rand(128, 384))
                self.register_buffer("mask", nn.Transformer.generate_square_subsequent_mask(128))

            def forward(self, text):
                x = self.blocks(self.words(text) + self.positions, mask=self.mask, is_causal=True)
                return self.output(self.norm(x)).flatten(0, 1)

        text = self.labels(8 * 128, 96)
        return self.step_of(Model().to(self.device), text.view(8, 128), text, is_mixed)

    def convolution(self, batch, channels, size, filters, kernel, stride, padding, groups):
        x, bias = self.uniform(batch, channels, size, size), self.uniform(filters)
        w = self.uniform(filters, channels // groups, kernel, kernel)

        def operation():
            with torch.inference_mode():
                return torch.relu(F.conv2d(x, w, bias, stride, padding, 1, groups))
        return operation

    def convolution_gradients(self, batch, channels, size, filters, kernel, stride, padding, groups):
        x = self.uniform(batch, channels, size, size).requires_grad_()
        w = self.uniform(filters, channels // groups, kernel, kernel).requires_grad_()
        # Given, because a gradient that is spread from one number would be copied first.
        dy = torch.ones_like(F.conv2d(x, w, None, stride, padding, 1, groups))
        return lambda: torch.autograd.grad(F.conv2d(x, w, None, stride, padding, 1, groups), (x, w), dy)

    def max_pool(self, *shape):
        x = self.uniform(*shape)

        def operation():
            with torch.inference_mode():
                return F.max_pool2d(x, 2)
        return operation

    def max_pool_gradient(self, *shape):
        x = self.uniform(*shape).requires_grad_()
        dy = torch.ones_like(F.max_pool2d(x, 2))
        return lambda: torch.autograd.grad(F.max_pool2d(x, 2), x, dy)

    def convolutional_step(self, batch, is_mixed=False):
        nn = torch.nn
        model = nn.Sequential(
            nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(1600, 128), nn.ReLU(), nn.Linear(128, 10)).to(self.device)
        return self.step_of(model, self.uniform(batch, 1, 28, 28), self.labels(batch, 10), is_mixed)

    def layer_norm(self, rows, columns):
        x, weight, bias = self.uniform(rows, columns), self.uniform(columns), self.uniform(columns)

        def operation():
            with torch.inference_mode():
                return F.layer_norm(x, (columns,), weight, bias)
        return operation

    def layer_norm_gradients(self, rows, columns):
        operands = [self.uniform(*shape).requires_grad_() for shape in ((rows, columns), (columns,), (columns,))]
        dy = torch.ones_like(operands[0])
        return lambda: torch.autograd.grad(F.layer_norm(operands[0], (columns,), *operands[1:]), operands, dy)

    def encoder_step(self, dropout):
        nn = torch.nn

        class Model(nn.Module):
            def __init__(self):
                super().__init__()
                self.block = nn.TransformerEncoderLayer(128, 4, 512, dropout, batch_first=True)
                self.output = nn.Linear(128, 10)

            def forward(self, x):
                return self.output(self.block(x).mean(1))

        return self.step_of(Model().to(self.device), self.uniform(32, 64, 128), self.labels(32, 10))

    def adam_step(self):
        model = self.model()
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-6)
        model(self.uniform(32, 784)).square().mean().backward()
        return optimizer.step

    def overhead(self):
        return self.binary("add", (4,))

    def overhead_with_gradient(self):
        a, b = self.uniform(4).requires_grad_(), self.uniform(4)
        return lambda: torch.autograd.grad((a + b).sum(), a)
