// What beginners write and is right; no line has an error. See Model.swift.
import NeuralNetworks

func numbers(_ x: Tensor, _ y: Tensor) throws {
  let count: Int = try (x .== y).sum().item()
  let share = try (x .== y).mean().item()
  let single: Float = try x.sum().item()
  let whole = Int(try x.sum().item()) + count
  let byte = try x.sum().item(as: UInt8.self)
  let floats = try x.scalars()
  let doubles: [Double] = try x.scalars()
  let classes = try x.argmax().scalars(as: Int.self)
  let bytes: [UInt8] = try x.scalars()
  if try (x .== y).all().item(as: Bool.self) { print(share, single, whole, byte, floats, doubles, classes, bytes) }
  _ = Tensor([1, 2, 3]) + Tensor([1.5, 2, 3])
  _ = (Tensor(integers: [1, 2]), Tensor(integers: [UInt8(1)]), Tensor(integers: [Int32(1)]), Tensor(integers: 0..<3))
  let (i, j, b): (Int32, Int64, UInt8) = (1, 2, 3)
  _ = x * i + x / j - b
  let half: Float = 0.5
  _ = Optimizer.adam(learningRate: half)
  _ = Optimizer.sgd(learningRate: 1)
  _ = Optimizer.sgd(learningRate: .cosine(from: 0.1, steps: 100))
}

func training(_ x: Tensor, _ y: Tensor, _ data: TensorDataset) throws {
  let model = Sequential(inputShape: [8, 4]) {
    Bidirectional(LSTM(32))
    Bidirectional { GRU(4) }
    for width in [16, 8] { Dense(width, activation: .relu) }
    if x.rank > 2 { Dropout(0.5) }
    [Dense(4), Dense(3)]
    Dense(3)
  }
  model.compile(optimizer: .adam(), loss: .crossEntropy(), metrics: [.accuracy, .precision, .topK(2)])
  let history = try model.fit(x, y, epochs: 2, validation: .data(x, y))
  try model.fit(data, epochs: 2)
  let scores = try model.evaluate(x, y)
  let all = try model.predict(data)
  let each: [Tensor] = try model.predict(data)
  let copy: Sequential = try model.copy()
  print(history["loss"].last ?? 0, scores.loss, all.shape, each.count, copy.layers.count)
}

final class Silent: Callback {
  func stepEnded(_ step: Int, _ run: TrainingRun) throws { if step == 10 { run.stop(reason: "enough") } }
}

func callbacks(_ model: Model, _ data: TensorDataset) throws {
  let callbacks: [any Callback] = [Silent(), EarlyStopping(monitor: "loss")]
  for callback in callbacks where !(callback is any SavingCallback) { print(type(of: callback)) }
  let shown = ClosureCallback(epochEnded: { epoch, _ in print(epoch["loss"] ?? .nan) })
  try model.fit(data, callbacks: callbacks + [shown])
}
