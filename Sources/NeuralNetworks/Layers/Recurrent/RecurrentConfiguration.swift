/// The configuration of a recurrent layer in a model description. All settings except `units` are optional.
public struct RecurrentConfiguration: Codable, Sendable, LayerSettings {
  /// The size of the state.
  public var units: Int
  /// The function in place of tanh; `.tanh` by default.
  public var activation = ActivationFunction.tanh
  /// The function of the gates; `.sigmoid` by default. A `SimpleRNN` has no gates.
  public var recurrentActivation = ActivationFunction.sigmoid
  /// Whether the bias of the forget gate starts at 1; false by default. Only an `LSTM` has this gate.
  public var unitForgetBias = false
  /// The probability with which training drops a feature of the input; 0 by default.
  public var dropout = 0.0
  /// The probability with which training drops a number of the state; 0 by default.
  public var recurrentDropout = 0.0
  /// Whether the output contains every step, `[N, steps, units]`, or only the last one, `[N, units]`; false by default.
  public var returnsSequence = false
  /// Whether the steps are processed from last to first; false by default.
  public var goesBackwards = false
  /// Whether steps whose numbers are all 0 are treated as padding; false by default.
  public var masksZeros = false

  static var template: Self { Self(units: 1) }
  static let required: Set = ["units"]
}

extension RecurrentConfiguration {
  /// Creates the configuration of a layer with this size of the state. The other settings have their defaults.
  public init(units: Int) { self.init(units: units, returnsSequence: false) }

  /// Throws an error that names the first setting that a layer with these cells cannot have.
  func check(_ layer: String, hasGates: Bool, hasForgetGate: Bool) throws {
    func require(_ fits: Bool, _ reason: @autoclosure () -> String) throws {
      if !fits { throw ModelError.invalidConfiguration(layer: layer, reason: reason()) }
    }
    try require(units > 0, "there are \(units) units; at least 1 is needed")
    try require(units <= SizeLimit.tensor, "there are \(units) units; at most \(SizeLimit.tensor) are possible")
    for (name, probability) in [("dropout", dropout), ("recurrentDropout", recurrentDropout)] {
      try require(
        probability >= 0 && probability <= 1, "\(name) is \(probability), expected a probability from 0 to 1")
    }
    try require(
      hasGates || recurrentActivation.isSigmoid,
      "recurrentActivation is \(recurrentActivation.name), but the layer has no gates; set activation")
    try require(hasForgetGate || !unitForgetBias, "unitForgetBias is set, but only an LSTM has a forget gate")
  }

  /// The variation of the cells in one pass; nil if they are the usual ones.
  func variation(for input: Tensor, _ context: Context) -> RecurrentVariation? {
    let factors = dropFactors(recurrentDropout, [input.shape[0], units], like: input, context)
    if activation.isTanh && recurrentActivation.isSigmoid && factors == nil { return nil }
    return RecurrentVariation(
      activation: { activation($0) }, gateActivation: { recurrentActivation($0) }, stateFactors: factors)
  }

  /// Returns the input `[N, steps, features]`, without the features that training drops in all steps of an example.
  func dropped(_ input: Tensor, _ context: Context) -> Tensor {
    let factors = dropFactors(dropout, [input.shape[0], 1, input.shape[2]], like: input, context)
    return factors.map { input * $0 } ?? input
  }

  private func dropFactors(_ probability: Double, _ shape: [Int], like input: Tensor, _ context: Context) -> Tensor? {
    guard context.isTraining && probability > 0 else { return nil }
    return Tensor.ones(shape, dtype: input.dtype, on: input.device)
      .dropout(probability, context.random.nextSource())
  }

  /// Whether a recording of the layer can be replayed.
  var allowsReplay: Bool { activation.allowsReplay && recurrentActivation.allowsReplay }
}

extension ActivationFunction {
  fileprivate var isTanh: Bool { operation == ActivationFunction.tanh.operation }
  fileprivate var isSigmoid: Bool { operation == ActivationFunction.sigmoid.operation }
}
