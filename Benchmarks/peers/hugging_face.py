"""Encoders of Hugging Face's transformers whose saved weights this package loads.

Usage: python3 hugging_face.py     writes weights, inputs and outputs to Tests/ProgramsTests/Vectors/HuggingFace
Needs torch, safetensors and transformers. The inputs are hidden states, because the embeddings are sums of several
layers. The outputs are computed in float64.
"""

import os
import shutil
import tempfile

import torch
from safetensors.torch import save_file
from transformers import (
    BertConfig, BertForSequenceClassification, DistilBertConfig, DistilBertModel, GPT2Config, GPT2LMHeadModel, ViTConfig,
    ViTForImageClassification)

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../Tests/ProgramsTests/Vectors/HuggingFace")


def hidden(output):
    """The hidden states, which some modules wrap."""
    return output if isinstance(output, torch.Tensor) else output[0]


def models():
    """The models, and the part of each that is compared."""
    sizes = {"hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 12}
    bert = BertForSequenceClassification(BertConfig(vocab_size=5, max_position_embeddings=4, num_labels=3, **sizes))
    yield "bert", bert, lambda x: bert.classifier(hidden(bert.bert.encoder(x)))

    vit = ViTForImageClassification(ViTConfig(image_size=4, patch_size=2, num_labels=3, **sizes))

    def run_vit(x):
        for layer in vit.vit.layers:
            x = hidden(layer(x))
        return vit.classifier(vit.vit.layernorm(x))

    yield "vit", vit, run_vit

    config = DistilBertConfig(vocab_size=5, max_position_embeddings=4, dim=8, n_layers=2, n_heads=2, hidden_dim=12)
    distil = DistilBertModel(config)
    yield "distilbert", distil, lambda x: hidden(distil.transformer(x))

    gpt = GPT2LMHeadModel(GPT2Config(vocab_size=5, n_positions=4, n_embd=8, n_layer=2, n_head=2, n_inner=12))
    yield "gpt2", gpt, lambda x: gpt(inputs_embeds=x).logits


def main():
    os.makedirs(FOLDER, exist_ok=True)
    torch.manual_seed(1)
    for name, model, run in models():
        model.eval()
        for key, tensor in model.state_dict().items():
            if key.endswith("wpe.weight"):  # GPT-2 adds the positions itself
                tensor.zero_()
            elif tensor.is_floating_point():
                tensor.uniform_(0.5, 1.5) if tensor.dim() == 1 else tensor.uniform_(-1, 1)
        with tempfile.TemporaryDirectory() as folder:
            model.save_pretrained(folder)
            shutil.copy(os.path.join(folder, "model.safetensors"), os.path.join(FOLDER, name + ".safetensors"))
        x = torch.rand(2, 4, 8)
        with torch.inference_mode():
            model.double()
            y = run(x.double())
        save_file({"input": x, "output": y.float()}, os.path.join(FOLDER, name + ".data.safetensors"))


if __name__ == "__main__":
    main()
