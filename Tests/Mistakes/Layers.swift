// Layers, models, and parameters as Keras and PyTorch write them; see Model.swift.
import NeuralNetworks

func layers() -> Sequential {
  Sequential {
    // error: the shape of the input belongs to the model
    Input([28, 28])
    // error: an activation is a setting, Dense(128, activation: .relu), or a layer
    Dense(10).relu()
    // error: write Activation(.relu), or Dense(128, activation: .relu)
    ReLU()
    // error: write Activation(.softmax)
    Softmax()
    // error: write Activation(.sigmoid)
    Sigmoid()
    // error: write Activation(.tanh)
    Tanh()
    // error: write Activation(.gelu)
    GELU()
    // error: the setting is called initializer
    Dense(10, kernelInitializer: .glorotUniform)
    // error: the setting is called regularizer
    Dense(10, kernelRegularizer: .l2(0.1))
    // error: the setting is called useBias
    Dense(10, bias: false)
    // error: the size of the window has a label: Conv2D(32, kernel: 3)
    Conv2D(32, 3)
    // error: the size of the window has a label: Conv2D(32, kernel: [3, 3])
    Conv2D(32, (3, 3))
    // error: the sides of a window are an array, or one number: Conv2D(32, kernel: [3, 3])
    Conv2D(32, kernel: (3, 3))
    // error: the number of filters has no label: Conv2D(32, kernel: 3)
    Conv2D(filters: 32, kernel: 3)
    // error: the number of filters has no label, and the window is the kernel
    Conv2D(filters: 32, kernelSize: 3)
    // error: a convolution finds the input channels itself
    Conv2D(3, 32, 3)
    // error: the setting is called stride: Conv2D(32, kernel: 3, stride: 2)
    Conv2D(32, kernel: 3, strides: 2)
    // error: the size of the window is called kernel: Conv1D(32, kernel: 3)
    Conv1D(32, kernelSize: 3)
    // error: the number of filters has no label, and the window is the kernel
    Conv1D(filters: 32, kernelSize: 3)
    // error: the size of the window has a label: Conv1D(32, kernel: 3)
    Conv1D(32, 3)
    // error: the sides of a window are an array, or one number: MaxPool2D([2, 2])
    MaxPool2D((2, 2))
    // error: the setting is called stride: MaxPool2D(2, stride: 2)
    MaxPool2D(2, strides: 2)
    // error: the two numbers have no labels: Embedding(1000, 16)
    Embedding(inputDim: 1000, outputDim: 16)
    // error: the number of units has no label: LSTM(32)
    LSTM(units: 32)
    // error: the number of units has no label: GRU(32)
    GRU(units: 32)
    // error: the number of units has no label: SimpleRNN(32)
    SimpleRNN(units: 32)
  }
}

func models(_ model: Sequential, _ layer: Dense, _ x: Tensor) {
  // error: the layers are lines of a closure, or an array
  _ = Sequential()
  // error: the layers are given when the model is made
  model.add(Dense(10))
  // error: write try model.predict(x)
  _ = model(x)
  // error: pass the context on: layer(x, context)
  _ = layer(x)
  // error: each call says it: model(x, .training(random))
  model.train()
  // error: each call says it: model(x, .inference)
  model.eval()
  // error: 'to' has been renamed to 'move(to:)'
  model.to(.cpu)
  // error: write freeze(statistics: true), unfreeze()
  model.layers[0].trainable = false
}

func nodes(_ a: Node, _ b: Node) {
  // error: nodes are added by a layer: Add()(a, b)
  _ = a + b
  // error: nodes are multiplied by a layer: Multiply()(a, b)
  _ = a * b
  // error: a merge is called with nodes: Concatenate()(a, b)
  _ = Concatenate([a, b])
  // error: the nodes are no array: Concatenate()(a, b)
  _ = Concatenate()([a, b])
  // error: an activation is a layer: Activation(.relu)(node)
  _ = a.relu()
  // error: inputs and outputs have names: Graph(inputs: ["x": x], outputs: ["y": y])
  _ = Graph(inputs: [a], outputs: [b])
}

func parameters(_ x: Tensor, _ w: Parameter) {
  // error: the shape has no label: Parameter([3], .zeros)
  _ = Parameter(shape: [3])
  // error: a parameter has a shape and an initializer: Parameter([3], .zeros)
  _ = Parameter(x)
  // error: the tensor of a parameter is its value: x * w.value
  _ = x * w
  // error: the tensor of a parameter is its value: w.value * x
  _ = w * x
  // error: the tensor of a parameter is its value: x + b.value
  _ = x + w
  // error: the tensor of a parameter is its value: x.matmul(w.value)
  _ = x.matmul(w)
}
