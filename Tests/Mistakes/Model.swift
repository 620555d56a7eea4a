// Mistakes that beginners make with models. The comment before a line with an error is a part of what the compiler says of it;
// no other line has an error, and none has two. Scripts/check-mistakes compares.
import NeuralNetworks

func units() -> Sequential {
  Sequential {
    Flatten()
    // error: the number of units has no label: Dense(128, activation: .relu)
    Dense(units: 128, activation: .relu)
    Dense(10)
  }
}

func misspelledLabel() -> Sequential {
  Sequential {
    Flatten()
    // error: incorrect argument label in call (have '_:activaton:', expected '_:activation:')
    Dense(128, activaton: .relu)
    Dropout(0.2)
    Dense(64, activation: .relu)
    Dense(10)
  }
}

func misspelledValue() -> Sequential {
  Sequential {
    // error: type 'ActivationFunction' has no member 'rleu'
    Dense(128, activation: .rleu)
    Dense(10)
  }
}

func text() -> Sequential {
  Sequential {
    // error: a padding is a value: .valid, .same
    Conv2D(8, kernel: 3, padding: "same")
    // error: an activation function is a value: .relu, .softmax, .tanh
    Dense(128, activation: "relu")
    // error: an initializer is a value: .heNormal, .glorotUniform
    Dense(10, initializer: "he_normal")
  }
}

func otherNames() -> Sequential {
  Sequential {
    // error: the size of the window is called kernel: Conv2D(32, kernel: 3)
    Conv2D(32, kernelSize: 3, activation: .relu)
    // error: has been renamed to 'BatchNorm'
    BatchNormalization()
    // error: the size of the window has no label: MaxPool2D(2)
    MaxPool2D(poolSize: 2)
    // error: has been renamed to 'MaxPool2D'
    MaxPooling2D(2)
    // error: the shape of the input belongs to the model
    Flatten(inputShape: [28, 28])
    // error: the probability has no label: Dropout(0.5)
    Dropout(rate: 0.5)
    // error: a Dense is told its outputs alone, and finds the inputs itself: Dense(128)
    Dense(784, 128)
    // error: has been renamed to 'Dense'
    Linear(10)
    // error: the setting is called returnsSequence: LSTM(32, returnsSequence: true)
    LSTM(32, returnSequences: true)
    // error: Embedding(8000, 64, padding: 0), and then LSTM(32, masksZeros: true)
    Embedding(100, 8, maskZero: true)
  }
}

func namesByDimension() -> Sequential {
  Sequential {
    // error: has been renamed to 'Conv3D'
    Conv3d(8, kernel: 3)
    // error: has been renamed to 'MaxPool3D'
    MaxPooling3D(2)
    // error: has been renamed to 'AveragePool1D'
    AveragePooling1D(2)
    // error: has been renamed to 'GlobalMaxPool3D'
    GlobalMaxPooling3D()
    // error: write GlobalAveragePool1D() after Conv1D, and SequenceAverage() after Embedding and recurrent layers
    GlobalAveragePooling1D()
  }
}

func noLayer() -> Sequential {
  Sequential {
    // error: a line of a model is a layer, such as Dense(10), or an array of layers
    print("here")
    // error: a line of a model is a layer, such as Dense(10), or an array of layers
    Dense(10).freeze()
    // error: a line of a model is a layer, such as Dense(10), or an array of layers
    "Dense"
    Dense(10)
  }
}

func compiling(_ model: Sequential) {
  // error: an optimizer is a value: .adam(), .sgd(learningRate: 0.01)
  model.compile(optimizer: "adam", loss: .crossEntropy())
  // error: a loss is a value: .meanSquaredError, .crossEntropy()
  model.compile(optimizer: .adam(), loss: "mse")
  // error: 'mse' has been renamed to 'meanSquaredError'
  model.compile(optimizer: .adam(), loss: .mse)
  // error: it has no parentheses: .meanSquaredError
  model.compile(optimizer: .adam(), loss: .meanSquaredError())
  // error: 'sparseCategoricalCrossEntropy(fromLogits:)'
  model.compile(optimizer: .adam(), loss: .sparseCategoricalCrossentropy())
  // error: a metric is a value: .accuracy
  model.compile(optimizer: .adam(), loss: .crossEntropy(), metrics: ["accuracy"])
  // error: 'acc' has been renamed to 'accuracy'
  model.compile(optimizer: .adam(), loss: .crossEntropy(), metrics: [.acc])
  // error: it has no parentheses: .accuracy
  model.compile(optimizer: .adam(), loss: .crossEntropy(), metrics: [.accuracy()])
  // error: 'rmsprop(learningRate:)' has been renamed to 'rmsProp(learningRate:)'
  model.compile(optimizer: .rmsprop(), loss: .crossEntropy())
}
