"""Keras on TensorFlow: what its users call, compiled models."""

import keras
import tensorflow as tf


class Framework:
    call_seconds = 0

    def __init__(self, device, threads):
        self.version = "%s (TensorFlow %s)" % (keras.__version__, tf.__version__)
        if threads:
            tf.config.threading.set_intra_op_parallelism_threads(threads)
            tf.config.threading.set_inter_op_parallelism_threads(threads)

    def synchronize(self, _):
        pass

    def images(self, batch):
        return tf.random.uniform((batch, 784), -1, 1)

    def model(self):
        return keras.Sequential([
            keras.Input((784,)), keras.layers.Dense(128, activation="relu"), keras.layers.Dense(10)])

    def predictor(self, batch):
        model, images = self.model(), self.images(batch)
        return lambda: model.predict_on_batch(images)

    def training_step(self, batch):
        model, images, labels = self.model(), self.images(batch), (tf.range(batch) * 7) % 10
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(optimizer=keras.optimizers.Adam(1e-3), loss=loss)
        return lambda: model.train_on_batch(images, labels)
