/// A layer that goes through a sequence step by step, `[N, steps, features]` → `[N, units]` or `[N, steps, units]`: what
/// `Bidirectional` takes.
public protocol RecurrentLayer: ConfigurableLayer {
  /// The width of the state.
  var units: Int { get }
  /// True when the state after each step is the output, not the last one alone.
  var returnsSequence: Bool { get }
  /// True when steps whose numbers are all 0 are padding.
  var masksZeros: Bool { get }

  /// The output for a sequence, from a state of zeros.
  /// - Parameters:
  ///   - input: `[N, steps, features]`.
  ///   - mask: Bool `[N, steps]`: false for padding, where the state stays as it is and the output of the step is 0.
  ///   - isReversed: From the last step to the first. The last state is then that after the first step; a sequence of
  ///     outputs keeps the order of the input.
  func outputs(_ input: Tensor, mask: Tensor?, isReversed: Bool) -> Tensor
}

extension RecurrentLayer {
  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    outputs(input, mask: masksZeros ? input.stepsWithNumbers() : nil, isReversed: false)
  }

  public var allowsReplay: Bool { true }

  /// Calls the layer with a state and a mask: what `body` does, or while shapes are inferred what `forward` does.
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
}

extension Tensor {
  /// Bool `[N, steps]` of `[N, steps, features]`: true where a step has a number that is not 0.
  func stepsWithNumbers() -> Tensor { (detached() .!= 0).any(axis: -1) }
}

/// The settings of a recurrent layer in a description of a model; all but `units` may be left out.
public struct RecurrentConfiguration: Codable, Sendable {
  /// How many numbers the state has.
  public var units: Int
  /// Whether the output is that of every step, `[N, steps, units]`, or of the last one, `[N, units]`; false unless given.
  public var returnsSequence: Bool
  /// Whether steps of zeros alone are passed over; false unless given.
  public var masksZeros: Bool

  private enum CodingKeys: String, CodingKey, CaseIterable { case units, returnsSequence, masksZeros }

  public init(units: Int, returnsSequence: Bool = false, masksZeros: Bool = false) {
    self.units = units
    self.returnsSequence = returnsSequence
    self.masksZeros = masksZeros
  }

  public init(from decoder: any Decoder) throws {
    try decoder.refuseUnknownKeys(["layer"] + CodingKeys.allCases.map(\.rawValue))
    let container = try decoder.container(keyedBy: CodingKeys.self)
    units = try container.decode(Int.self, forKey: .units)
    returnsSequence = try container.decodeIfPresent(Bool.self, forKey: .returnsSequence) ?? false
    masksZeros = try container.decodeIfPresent(Bool.self, forKey: .masksZeros) ?? false
  }
}
