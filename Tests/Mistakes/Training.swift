// Calls of compile, fit, and their relatives as Keras and PyTorch write them; see Model.swift.
import NeuralNetworks

func compilations(_ model: Sequential) {
  // error: the optimizer comes first
  model.compile(loss: .crossEntropy(), optimizer: .adam())
  // error: an optimizer is a value: .adam(learningRate: 0.001)
  model.compile(optimizer: Adam(learningRate: 0.1), loss: .crossEntropy())
  // error: write .adam(learningRate: 0.001)
  model.compile(optimizer: .adam(lr: 0.1), loss: .crossEntropy())
  // error: write .sgd(learningRate: 0.01)
  model.compile(optimizer: .sgd(lr: 0.1), loss: .crossEntropy())
  // error: an optimizer is given the model by compile
  _ = Optimizer.adam(model.parameters, learningRate: 0.1)
  // error: a loss is a value: .crossEntropy()
  model.compile(optimizer: .adam(), loss: CrossEntropyLoss())
  // error: a loss is a value: .meanSquaredError
  model.compile(optimizer: .adam(), loss: MSELoss())
  // error: a loss is a value: .meanAbsoluteError
  model.compile(optimizer: .adam(), loss: L1Loss())
  // error: a loss is a value: .binaryCrossEntropy()
  model.compile(optimizer: .adam(), loss: BCELoss())
  // error: a loss is a value: .binaryCrossEntropy(fromLogits: true)
  model.compile(optimizer: .adam(), loss: BCEWithLogitsLoss())
  // error: a loss is a value: .crossEntropy(); of log-probabilities it is the same number
  model.compile(optimizer: .adam(), loss: NLLLoss())
  // error: 'l1' has been renamed to 'meanAbsoluteError'
  model.compile(optimizer: .adam(), loss: .l1)
  // error: 'smoothL1' has been renamed to 'huber(delta:)'
  model.compile(optimizer: .adam(), loss: .smoothL1)
  // error: write .crossEntropy(): of log-probabilities it is the same number
  model.compile(optimizer: .adam(), loss: .nll)
  // error: write .binaryCrossEntropy(fromLogits: true)
  model.compile(optimizer: .adam(), loss: .bceWithLogits)
  // error: write .binaryCrossEntropy(fromLogits: true)
  model.compile(optimizer: .adam(), loss: .bceWithLogits())
  // error: type 'Loss' has no member 'crossEntropie'
  model.compile(optimizer: .adam(), loss: .crossEntropie())
  // error: metrics are an array: metrics: [.accuracy]
  model.compile(optimizer: .adam(), loss: .crossEntropy(), metrics: .accuracy)
  // error: 'rmse' has been renamed to 'rootMeanSquaredError'
  model.compile(optimizer: .adam(), loss: .meanSquaredError, metrics: [.rmse])
  // error: 'r2' has been renamed to 'r2Score'
  model.compile(optimizer: .adam(), loss: .meanSquaredError, metrics: [.r2])
  // error: 'mape' has been renamed to 'meanAbsolutePercentageError'
  model.compile(optimizer: .adam(), loss: .mape, metrics: [.accuracy])
  // error: 'fbeta' has been renamed to 'fBeta(_:threshold:class:)'
  model.compile(optimizer: .adam(), loss: .crossEntropy(), metrics: [.fbeta(2)])
  // error: write .topK(5)
  model.compile(optimizer: .adam(), loss: .crossEntropy(), metrics: [.top5])
  // error: a device is a value: .cpu, .best(), try .gpu()
  model.compile(optimizer: .adam(), loss: .crossEntropy(), device: "gpu")
  // error: a GPU may be missing: try .gpu()
  model.compile(optimizer: .adam(), loss: .crossEntropy(), device: .gpu)
}

func fitting(_ model: Sequential, _ x: Tensor, _ y: Tensor, _ data: TensorDataset) throws {
  // error: inputs and targets have no labels: fit(x, y, epochs: 5)
  try model.fit(x: x, y: y, epochs: 5)
  // error: write validation: .split(0.1)
  try model.fit(x, y, validationSplit: 0.1)
  // error: write validation: .split(0.1)
  try model.fit(x, y, validation: 0.1)
  // error: write validation: .split(0.1)
  try model.fit(data, epochs: 2, validation: 0.1)
  // error: write validation: .data(x, y)
  try model.fit(x, y, validationData: (x, y))
  // error: write validation: .data(x, y)
  try model.fit(x, y, validation: (x, y))
  // error: other data are .data(test)
  try model.fit(data, validation: data)
  // error: write verbosity: .silent
  try model.fit(x, y, verbose: 0)
  // error: write verbosity: .silent
  try model.fit(data, epochs: 2, verbose: 0)
  // error: callbacks are an array: callbacks: [EarlyStopping()]
  try model.fit(x, y, callbacks: EarlyStopping())
  // error: callbacks are an array: callbacks: [EarlyStopping()]
  try model.fit(data, callbacks: EarlyStopping())
  // error: the weights belong to the data
  try model.fit(x, y, epochs: 5, sampleWeight: y)
  // error: write classWeights: [0: 1, 1: 2.5]
  try model.fit(x, y, classWeight: [0: 1])
  // error: write history["loss"]
  _ = try model.fit(x, y).history
  // error: write scores["accuracy"]
  _ = try model.evaluate(x, y).accuracy
  // error: scores are one value: let scores = try model.evaluate(x, y)
  let (loss, accuracy) = try model.evaluate(x, y)
  // error: scores are one value: let scores = try model.evaluate(data)
  let (other, share) = try model.evaluate(data)
}

func loops(_ data: TensorDataset, _ optimizer: Optimizer) {
  // error: examples are read in batches
  for (x, y) in data { print(x, y) }
  // error: reading a batch may throw
  for batch in data.batches(of: 32) { print(batch) }
  // error: gradients are the values that valueAndGradient(at:) returns
  optimizer.zeroGrad()
  // error: write try optimizer.update(model, with: gradients)
  optimizer.step()
}

func callbacks() {
  // error: mode is direction
  _ = EarlyStopping(monitor: "loss", patience: 3, mode: "min")
  // error: the setting is called restoresBestWeights
  _ = EarlyStopping(patience: 3, restoreBestWeights: true)
  // error: the setting is called minimumDelta
  _ = EarlyStopping(patience: 3, minDelta: 0.1)
  // error: has been renamed to 'ReduceLearningRateOnPlateau'
  _ = ReduceLROnPlateau()
  // error: has been renamed to 'TerminateOnNonFinite'
  _ = TerminateOnNaN()
  // error: has been renamed to 'WeightAveraging'
  _ = SwapEMAWeights()
}
