/// Two recurrent layers over one sequence, one from its start and one from its end, with joined outputs: `[N, steps,
/// features]` → `[N, 2·units]`, or `[N, steps, 2·units]` if they return sequences; without the factor of 2 if the outputs
/// are not concatenated.
///
/// ```swift
/// Bidirectional(LSTM(64))                                       // [N, 40, 32] → [N, 128]
/// Bidirectional(GRU(64, returnsSequence: true, masksZeros: true))
/// Bidirectional(GRU(64), joining: .sum)                           // [N, 40, 32] → [N, 64]
/// ```
///
/// See Schuster and Paliwal 1997. The order matches PyTorch and Keras: forward, then backward. Both directions skip
/// padding.
public final class Bidirectional: ConfigurableLayer {
  /// How the outputs of the two directions are joined (Keras' `merge_mode`).
  public enum Joining: String, Codable, Sendable, CaseIterable {
    /// Forward, then backward, along the last axis: `concat` in Keras.
    case concatenation
    /// The sum: `sum` in Keras.
    case sum
    /// The product: `mul` in Keras.
    case product
    /// The mean: `ave` in Keras.
    case average
  }

  /// The states of both directions between two calls.
  public struct State: Sendable {
    /// h, and for an `LSTM` also c, of each direction; each `[N, units]`.
    public var forwards, backwards: [Tensor]

    /// Creates the states of both directions.
    public init(forwards: [Tensor], backwards: [Tensor]) {
      self.forwards = forwards
      self.backwards = backwards
    }
  }

  /// The layer that starts at the first step, and the layer that starts at the last step.
  public let forwards, backwards: any RecurrentLayer
  /// How the outputs of the two directions are joined.
  public let joining: Joining

  /// Creates the layer from two new recurrent layers.
  /// - Parameters:
  ///   - joining: How to join the outputs of the two directions.
  ///   - make: Creates a new layer on each call.
  public init<Recurrent: RecurrentLayer>(joining: Joining = .concatenation, _ make: () -> Recurrent) {
    (forwards, backwards, self.joining) = (make(), make(), joining)
    if forwards === backwards {
      ProgrammerError.end("Bidirectional: the closure makes a new layer each time it is called")
    }
  }

  /// Creates the layer from a recurrent layer and a second layer with the same configuration.
  /// - Parameters:
  ///   - layer: The layer that starts at the first step. The second layer starts at the last step.
  ///   - joining: How to join the outputs of the two directions.
  public init<Recurrent: RecurrentLayer>(_ layer: Recurrent, joining: Joining = .concatenation) {
    (forwards, backwards, self.joining) = (layer, Recurrent(configuration: layer.configuration), joining)
  }

  public func prepare(inputShape: [Int]) throws {
    if forwards.goesBackwards || backwards.goesBackwards {
      throw ModelError.invalidConfiguration(
        layer: "Bidirectional", reason: "it has a layer for each direction; neither of them sets goesBackwards")
    }
    try forwards.prepare(inputShape: inputShape)
    try backwards.prepare(inputShape: inputShape)
  }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    outputs(input, mask: mask(of: input), context)
  }

  /// Returns the output for a bool mask `[N, steps]` that is false for padding.
  public func callAsFunction(_ input: Tensor, mask: Tensor, _ context: Context) -> Tensor {
    let input = input.inPrecision(with: .current)
    if let trace = LayerThread.current.trace {
      if let fault = RecurrentCore.fault(input, mask: mask, states: [], units: forwards.units) {
        return ShapeTrace.refuse(self, fault, instead: input)
      }
      return trace.call(self, input, context)
    }
    return called(with: input) { outputs(input, mask: mask, context) }
  }

  /// Returns the output and the states of both directions after the sequence, given initial states. The state of the
  /// second direction is the one after the first step (PyTorch's `(output, h_n)`; Keras' `return_state`).
  /// - Parameters:
  ///   - input: `[N, steps, features]`.
  ///   - state: The initial states; nil: zeros.
  ///   - mask: A bool mask `[N, steps]`, false for padding.
  ///   - context: The context: training or inference.
  public func callAsFunction(
    _ input: Tensor, from state: State?, mask: Tensor? = nil, _ context: Context
  ) -> (output: Tensor, state: State) {
    let input = input.inPrecision(with: .current)
    let state = state.map { state in
      State(
        forwards: state.forwards.map { $0.inPrecision(with: .current) },
        backwards: state.backwards.map { $0.inPrecision(with: .current) })
    }
    guard let trace = LayerThread.current.trace else {
      return called(with: input) { results(input, from: state, mask: mask ?? self.mask(of: input), context) }
    }
    let states = state.map { $0.forwards + $0.backwards } ?? []
    if let fault = RecurrentCore.fault(input, mask: mask, states: states, units: forwards.units) {
      _ = ShapeTrace.refuse(self, fault, instead: input)
    }
    let output = trace.call(self, input, context)
    return (output, results(input, from: state, mask: mask, context).state)
  }

  private func results(_ input: Tensor, from state: State?, mask: Tensor?, _ context: Context)
    -> (output: Tensor, state: State)
  {
    let first = forwards.outputs(input, from: state?.forwards, mask: mask, isReversed: false, context)
    let second = backwards.outputs(input, from: state?.backwards, mask: mask, isReversed: true, context)
    return (joined(first.output, second.output), State(forwards: first.state, backwards: second.state))
  }

  private func mask(of input: Tensor) -> Tensor? { forwards.masksZeros ? input.stepsWithNumbers() : nil }

  private func outputs(_ input: Tensor, mask: Tensor?, _ context: Context) -> Tensor {
    joined(
      forwards.outputs(input, mask: mask, isReversed: false, context),
      backwards.outputs(input, mask: mask, isReversed: true, context))
  }

  private func joined(_ first: Tensor, _ second: Tensor) -> Tensor {
    switch joining {
    case .concatenation: Tensor.concatenated([first, second], axis: -1)
    case .sum: first + second
    case .product: first * second
    case .average: (first + second) / 2
    }
  }

  public var allowsReplay: Bool { forwards.allowsReplay && backwards.allowsReplay }

  /// The configuration of a `Bidirectional` in a model description: the layer that it contains, and how the outputs are
  /// joined.
  public struct Configuration: Codable, Sendable {
    let layer: LayerDescription
    /// How the outputs of the two directions are joined; `.concatenation` by default.
    public var joining: Joining

    private enum CodingKeys: String, CodingKey { case recurrent, joining }

    init(_ layer: any RecurrentLayer, _ joining: Joining) {
      self.layer = LayerDescription(describing: layer)
      self.joining = joining
    }

    public init(from decoder: any Decoder) throws {
      try decoder.refuseUnknownKeys(["layer", CodingKeys.recurrent.rawValue, CodingKeys.joining.rawValue])
      let container = try decoder.container(keyedBy: CodingKeys.self)
      layer = try container.decode(LayerDescription.self, forKey: .recurrent)
      joining = try container.decodeIfPresent(Joining.self, forKey: .joining) ?? .concatenation
      guard layer.makeLayer() is any RecurrentLayer else {
        throw DecodingError.dataCorruptedError(
          forKey: .recurrent, in: container, debugDescription: "the layer is not recurrent")
      }
    }

    public func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(layer, forKey: .recurrent)
      try container.encode(joining, forKey: .joining)
    }

    func makeLayer() -> any RecurrentLayer {
      guard let layer = layer.makeLayer() as? any RecurrentLayer else { fatalError("a layer that is not recurrent") }
      return layer
    }
  }

  public var configuration: Configuration { Configuration(forwards, joining) }

  public init(configuration: Configuration) {
    (forwards, backwards) = (configuration.makeLayer(), configuration.makeLayer())
    joining = configuration.joining
  }
}
