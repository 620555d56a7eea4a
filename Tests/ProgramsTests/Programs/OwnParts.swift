import NeuralNetworks

// A custom loss, metrics, an activation, a schedule, and an update rule.

extension Loss {
  static let smoothDistance = Loss("smooth_distance") { prediction, target in
    let difference = prediction - target
    return (difference + (-2 * difference).softplus() - 0.6931472).mean(axis: -1)
  }

  static func focal(gamma: Double = 2) -> Loss {
    Loss("focal") { logits, labels in
      let p = logits.softmax().gathered(labels.expanded(axis: -1), axis: -1).squeezed(axis: -1)
      return -(1 - p).power(gamma) * p.log()
    }
  }
}

extension Metric {
  static let bias = Metric("bias") { prediction, target in (prediction - target).mean(axis: -1) }
  static let largestError = Metric("largest_error", accumulator: { LargestError() })
}

struct LargestError: MetricAccumulator {
  var largest: Tensor?
  mutating func update(prediction: Tensor, target: Tensor, weights: Tensor?) {
    let error = (prediction - target).magnitude().max()
    largest = largest.map { $0.maximum(error) } ?? error
  }
  func result() throws -> Double { try largest?.item() ?? 0 }
}

extension ActivationFunction {
  static let swish = ActivationFunction("swish") { x in x * x.sigmoid() }
}

/// Sign descent with momentum and a smoothed sign.
struct SmoothLion: UpdateRule {
  var learningRate: any LearningRate = 1e-2
  var stateNames: [String] { ["momentum"] }
  func updated(_ parameter: Tensor, gradient: Tensor, state: inout [Tensor], step: UpdateStep) -> Tensor {
    let direction = 0.9 * state[0] + 0.1 * gradient
    state[0] = 0.99 * state[0] + 0.01 * gradient
    return parameter - step.learningRate * (100 * direction).tanh()
  }
}

/// Records the losses of the epochs, and stops if one is NaN.
final class LossLog: Callback {
  private(set) var losses: [Double] = []
  private(set) var steps = 0
  func stepEnded(_ step: Int, _ run: TrainingRun) throws { steps += 1 }
  func epochEnded(_ epoch: EpochRecord, _ run: TrainingRun) throws {
    guard let loss = epoch["loss"] else { return }
    losses.append(loss)
    if loss.isNaN { run.stop(reason: "the loss is not a number") }
  }
}

enum OwnParts {
  static func halving(_ start: Double, every steps: Int) -> Schedule {
    Schedule("halving") { step in start / Double(1 << min(step / steps, 30)) }
  }

  /// A regression with custom versions of every part; returns the log of the losses and the scores.
  static func regression(on device: Device) throws -> (log: LossLog, scores: Scores) {
    let x = Tensor.linearSpace(-1...1, count: 64).reshaped([64, 1])
    let data = TensorDataset(x, x.squared())
    let model = Sequential([Dense(16, activation: .swish), Dense(1)])
    model.compile(
      optimizer: Optimizer(SmoothLion(learningRate: halving(1e-2, every: 400)), clipping: .value(1)),
      loss: .smoothDistance,
      metrics: [.bias, .largestError], device: device)
    let log = LossLog()
    try model.fit(data, epochs: 30, batchSize: 16, seed: 2, callbacks: [log], verbosity: .silent)
    return (log, try model.evaluate(data))
  }
}
