import NeuralNetworks

extension Optimizer {
  private static let stepKey = "step"
  private static let scaleKey = "learningRateScale"

  /// Writes the state of the optimizer (moments, velocities) by parameter path, the step count, and the
  /// `learningRateScale` to a safetensors file. The learning rate and other settings are not included.
  ///
  /// - Throws: `FormatError`; `DeviceError` if the state cannot be downloaded.
  public func save(to path: String) throws {
    let state = state()
    try Safetensors.saveChecked(
      state.tensors.map { ($0.name, $0.value) },
      metadata: [
        "format": "swift-nn optimizer 1", "rule": "\(type(of: rule))", Optimizer.stepKey: "\(state.step)",
        Optimizer.scaleKey: "\(state.learningRateScale)",
      ],
      to: path)
  }

  /// Restores the state from a file. The next update is then the same as in the saved optimizer.
  ///
  /// - Throws: `FormatError`; it is `.parameters` if the file is from a different kind of optimizer. After an error,
  ///   nothing has changed.
  public func load(from path: String) throws {
    let file = try Safetensors(path)
    try file.checkSum()
    guard let step = file.metadata[Optimizer.stepKey].flatMap({ Int($0) }), step >= 0 else {
      throw FormatError.malformed(path: path, reason: "it holds no state of an optimizer")
    }
    guard step <= ResumableState.largestCount else {
      throw FormatError.malformed(path: path, reason: "step is \(step), not a count from 0 to 2^53")
    }
    let scale = file.metadata[Optimizer.scaleKey].map { Double($0) ?? .nan } ?? 1
    guard scale >= 0, scale.isFinite else {
      throw FormatError.malformed(path: path, reason: "the scale of the learning rate is no number of at least 0")
    }
    var tensors: [(name: String, value: Tensor)] = []
    for name in file.names {
      if let value = try file.tensor(name) { tensors.append((name, value)) }
    }
    do {
      try restore(OptimizerState(step: step, learningRateScale: scale, tensors: tensors))
    } catch ModelError.parameters(
      let missing, let unknown, let shapes)
    {
      throw FormatError.parameters(path: path, missing: missing, unknown: unknown, shapes: shapes)
    }
  }
}
