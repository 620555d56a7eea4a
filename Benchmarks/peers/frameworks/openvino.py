"""OpenVINO on a network that PyTorch describes, for the latency of one request."""

import openvino
import torch

from frameworks.torch import Framework as Torch


class Framework:
    call_seconds = 0

    def __init__(self, device, threads):
        self.version = openvino.__version__
        self.threads = threads
        self.torch = Torch("cpu", threads)

    def synchronize(self, _):
        pass

    def sentences(self, batch, is_mixed):
        # The converter knows the operations of a block, not its fused form.
        torch.backends.mha.set_fastpath_enabled(False)
        words = self.torch.uniform(batch, 128, 384)
        model = openvino.convert_model(self.torch.blocks(12, False).eval(), example_input=words)
        model.reshape({0: words.shape})
        settings = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "bf16" if is_mixed else "f32"}
        if self.threads:
            settings["INFERENCE_NUM_THREADS"] = self.threads
        request = openvino.Core().compile_model(model, "CPU", settings).create_infer_request()
        words = words.numpy()
        return lambda: request.infer([words])
