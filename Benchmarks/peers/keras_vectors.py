"""Writes the results of Keras layers, forward and backward, to Tests/ProgramsTests/Vectors, as vectors.py does for PyTorch.

Usage: python3 keras_vectors.py  (needs keras, tensorflow, and safetensors). Keras computes in float64; results are stored in
float32.
"""

import os

os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import numpy as np
import tensorflow as tf
from safetensors.numpy import save_file

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../Tests/ProgramsTests/Vectors")
KERNELS = {"real_kernel": "realKernel", "imag_kernel": "imaginaryKernel"}


def record(vectors, name, layer, x, separate=False):
    """One layer at one input: parameters, output, and the gradients of Σ output·w with fixed weights w.

    If `separate`, each example is a separate batch.
    """
    x = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.concat([layer(x[i:i + 1]) for i in range(len(x))], 0) if separate else layer(x)
        weights = np.linspace(-1, 1, int(tf.size(y))).reshape(y.shape)
        total = tf.reduce_sum(y * weights)
    gradients = tape.gradient(total, [x] + [w.value for w in layer.weights])
    vectors[name + ".input"] = x.numpy()
    vectors[name + ".output"] = y.numpy()
    vectors[name + ".output_gradient"] = weights
    vectors[name + ".input_gradient"] = gradients[0].numpy()
    for weight, gradient in zip(layer.weights, gradients[1:]):
        # [samples, 1, frequencies] → [frequencies, 1, samples]
        path = name + "." + KERNELS[weight.name]
        vectors[path] = weight.numpy().transpose(2, 1, 0)
        vectors[path + "_gradient"] = gradient.numpy().transpose(2, 1, 0)


class ChannelsFirst(keras.layers.STFTSpectrogram):
    """With channels first, which TensorFlow's convolution does not support on processors."""

    def __call__(self, x):
        y = super().__call__(tf.transpose(x, [0, 2, 1]))
        return tf.transpose(y, [0, 3, 1, 2] if self.expand_dims else [0, 2, 1])


class MelSpectrogram(keras.layers.MelSpectrogram):
    """With filters and constants in float64, too."""

    def __init__(self, **settings):
        super().__init__(**settings)
        self.ref_power = tf.constant(self.ref_power, keras.backend.floatx())

    def linear_to_mel_weight_matrix(self, **settings):
        return super().linear_to_mel_weight_matrix(dtype=keras.backend.floatx(), **settings)


def spectrograms():
    """Signals of two channels for the short-time Fourier transform, and two tones in noise for mel filters."""
    random = np.random.default_rng(3)
    vectors = {}

    def stft(name, samples, noise=0.0, **settings):
        x = random.uniform(-1, 1, (2, 2, samples))
        layer = ChannelsFirst(**settings)
        layer.build((2, samples, 2))
        for weight in layer.weights:
            weight.assign(weight + random.uniform(-noise, noise, weight.shape))
        record(vectors, name, layer, x)

    stft("stft", 20, mode="stft", frame_length=8)
    stft("log", 20, mode="log", frame_length=6, frame_step=5, window="hamming")
    stft("magnitude", 20, mode="magnitude", frame_length=8, scaling="spectrum", expand_dims=True)
    stft("psd", 21, mode="psd", frame_length=8, fft_length=12, periodic=True, padding="same")
    stft("real", 20, mode="real", frame_length=5, window="bartlett", scaling=None)
    stft("imaginary", 20, mode="imag", frame_length=7, frame_step=2, window="blackman", padding="same")
    # Without noise, the angles of the first and the last frequency are 0 or ±π, depending on the rounding.
    stft("angle", 16, 1.0, mode="angle", frame_length=4, window=[0.5, 1.0, -0.75, 0.25], expand_dims=True)
    stft("rectangular", 16, mode="log", frame_length=4, window=None)

    def mel(name, **settings):
        x = random.uniform(-1, 1, (2, 90))
        x[1] += np.sin(np.arange(90)) * 2
        record(vectors, name, MelSpectrogram(sampling_rate=1000, **settings), x, separate=True)

    mel("mel", fft_length=32, sequence_stride=16, num_mel_bins=4)
    mel("mel_energies", fft_length=32, sequence_stride=20, sequence_length=24, window="hamming", num_mel_bins=5,
        max_freq=400.0, power_to_db=False)
    mel("mel_magnitudes", fft_length=32, sequence_stride=16, num_mel_bins=4, mag_exp=1.0, top_db=8.0, min_power=1e-3,
        ref_power=2.0, min_freq=50.0)
    mel("mel_window", fft_length=16, sequence_stride=16, num_mel_bins=3, window=list(np.linspace(1, 2, 16)),
        power_to_db=False, mag_exp=1.5)
    stft("stft_images", 20, mode="stft", frame_length=8, expand_dims=True)
    return vectors


def main():
    keras.backend.set_floatx("float64")
    vectors = {name: np.ascontiguousarray(array, np.float32) for name, array in spectrograms().items()}
    save_file(vectors, os.path.join(FOLDER, "spectrograms.safetensors"))


if __name__ == "__main__":
    main()
