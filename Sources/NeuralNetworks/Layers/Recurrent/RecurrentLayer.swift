/// A layer that processes a sequence step by step, `[N, steps, features]` → `[N, units]` or `[N, steps, units]`.
/// `Bidirectional` accepts such layers.
public protocol RecurrentLayer: ConfigurableLayer {
  /// The size of the state.
  var units: Int { get }
  /// Whether the output is the state after each step instead of only the last one.
  var returnsSequence: Bool { get }
  /// Whether steps whose numbers are all 0 are treated as padding.
  var masksZeros: Bool { get }

  /// Returns the output for a sequence, starting from a zero state.
  /// - Parameters:
  ///   - input: `[N, steps, features]`.
  ///   - mask: A bool mask `[N, steps]`, false for padding, where the state does not change and the output of the step
  ///     is 0.
  ///   - isReversed: Whether to process the steps from last to first. The last state is then the state after the first
  ///     step. A sequence of outputs keeps the order of the input.
  func outputs(_ input: Tensor, mask: Tensor?, isReversed: Bool) -> Tensor
}

extension RecurrentLayer where Configuration == RecurrentConfiguration {
  /// The size of the state. The output is `[N, units]`, or `[N, steps, units]` with `returnsSequence`.
  public var units: Int { configuration.units }
  /// Whether to return the outputs of all steps (true) or only the last one (false).
  public var returnsSequence: Bool { configuration.returnsSequence }
  /// Whether to skip steps whose inputs are all 0, such as padding.
  public var masksZeros: Bool { configuration.masksZeros }
}

extension RecurrentLayer {
  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    outputs(input, mask: masksZeros ? input.stepsWithNumbers() : nil, isReversed: false)
  }

  public var allowsReplay: Bool { true }

  /// Calls the layer with a state and a mask: runs `body`, or `forward` during shape inference.
  func called<State>(
    _ input: Tensor, mask: Tensor?, states: [Tensor?], _ context: Context, shapes: (Tensor) -> State,
    _ body: () -> (Tensor, State)
  ) -> (Tensor, State) {
    if let trace = LayerThread.current.trace {
      if let fault = RecurrentCore.fault(input, mask: mask, states: states, units: units) {
        _ = ShapeTrace.refuse(self, fault, instead: input)
      }
      let output = trace.call(self, input, context)
      return (output, shapes(.zeros([input.shape.first ?? 1, units], dtype: output.dtype, on: .shapes)))
    }
    return called(with: input) { body() }
  }

  /// Calls a layer whose state is its output.
  func called(
    _ core: RecurrentCore, _ input: Tensor, from state: Tensor?, mask: Tensor?, _ context: Context
  ) -> (output: Tensor, state: Tensor) {
    called(input, mask: mask, states: [state], context, shapes: { $0 }) {
      let mask = mask ?? (masksZeros ? input.stepsWithNumbers() : nil)
      let states = core.states(input, from: state, mask: mask, isReversed: false, giving: .states)
      return (returnsSequence ? core.sequence(states, mask) : states[-1], states[-1])
    }
  }
}

extension Tensor {
  /// Returns bool `[N, steps]` for `[N, steps, features]`: true if a step contains a nonzero number.
  func stepsWithNumbers() -> Tensor { (detached() .!= 0).any(axis: -1) }
}

/// The configuration of a recurrent layer in a model description. All settings except `units` are optional.
public struct RecurrentConfiguration: Codable, Sendable, LayerSettings {
  /// The size of the state.
  public var units: Int
  /// Whether the output contains every step, `[N, steps, units]`, or only the last one, `[N, units]`; false by default.
  public var returnsSequence = false
  /// Whether steps whose numbers are all 0 are treated as padding; false by default.
  public var masksZeros = false

  static var template: Self { Self(units: 1) }
  static let required: Set = ["units"]
}

extension RecurrentConfiguration {
  /// Creates the configuration of a layer with this size of the state. The other settings have their defaults.
  public init(units: Int) { self.init(units: units, returnsSequence: false) }
}
