/// Long short-term memory (Hochreiter and Schmidhuber 1997): `[N, steps, features]` → `[N, units]` (the last state), or
/// `[N, steps, units]` with `returnsSequence`.
///
/// ```swift
/// LSTM(128)                                  // [N, 28, 28] → [N, 128]
/// LSTM(64, returnsSequence: true)            // before another recurrent layer
/// LSTM(64, masksZeros: true)                 // after Embedding(8000, 64, padding: 0)
/// ```
///
/// In each step, with σ the sigmoid: (i, f, g, o) = (σ, σ, tanh, σ)(x·W + b + h·U + d), c ← f·c + i·g, h ← o·tanh(c).
/// The formulas, the order of the gates, and the initial values match PyTorch. W is `[features, 4·units]` and U is
/// `[units, 4·units]`: the transposes of PyTorch's `weight_ih_l0` and `weight_hh_l0`. b and d are its `bias_ih_l0` and
/// `bias_hh_l0`.
///
/// Padding: if a mask is false, or with `masksZeros` if all numbers of a step are 0, the state does not change, so the
/// last output is the output of the last step that is not padding. In a sequence of outputs, padding steps are 0
/// (PyTorch's packed sequences).
public final class LSTM: RecurrentLayer {
  /// The state between two steps: h and c, both `[N, units]`.
  public struct State: Sendable {
    /// Both `[N, units]`.
    public var hidden, cell: Tensor

    /// Creates a state.
    /// - Parameters:
    ///   - hidden: h, `[N, units]`.
    ///   - cell: c, `[N, units]`.
    public init(hidden: Tensor, cell: Tensor) {
      self.hidden = hidden
      self.cell = cell
    }
  }

  /// W and U.
  public let inputWeight, recurrentWeight: Parameter
  /// b and d.
  public let inputBias, recurrentBias: Parameter
  /// All settings.
  public let configuration: RecurrentConfiguration

  /// Creates an LSTM layer.
  /// - Parameters:
  ///   - units: The size of h and c.
  ///   - returnsSequence: Whether to return every h instead of only the last one.
  ///   - masksZeros: Whether steps whose numbers are all 0 are treated as padding.
  public convenience init(_ units: Int, returnsSequence: Bool = false, masksZeros: Bool = false) {
    self.init(
      configuration: RecurrentConfiguration(units: units, returnsSequence: returnsSequence, masksZeros: masksZeros))
  }

  public init(configuration: RecurrentConfiguration) {
    self.configuration = configuration
    (inputWeight, recurrentWeight, inputBias, recurrentBias) = RecurrentCore.makeParameters(units: configuration.units)
  }

  private var core: RecurrentCore {
    RecurrentCore(
      layer: "LSTM", cell: .lstm, units: units, inputWeight: inputWeight, recurrentWeight: recurrentWeight,
      inputBias: inputBias, recurrentBias: recurrentBias)
  }

  public func prepare(inputShape: [Int]) throws { try core.prepare(inputShape: inputShape) }

  public func outputs(_ input: Tensor, mask: Tensor?, isReversed: Bool) -> Tensor {
    core.outputs(input, mask: mask, isReversed: isReversed, returnsSequence: returnsSequence)
  }

  /// Returns the output and the state after the sequence, given an initial state.
  /// - Parameters:
  ///   - input: `[N, steps, features]`.
  ///   - state: The initial state; nil: zeros.
  ///   - mask: A bool mask `[N, steps]`, false for padding.
  ///   - context: The context: training or inference.
  public func callAsFunction(
    _ input: Tensor, from state: State?, mask: Tensor? = nil, _ context: Context
  ) -> (output: Tensor, state: State) {
    called(
      input, mask: mask, states: [state?.hidden, state?.cell], context, shapes: { State(hidden: $0, cell: $0) }
    ) {
      let mask = mask ?? (masksZeros ? input.stepsWithNumbers() : nil)
      let states = core.states(
        input, from: state?.hidden, cell: state?.cell, mask: mask, isReversed: false, giving: .states)
      let after = State(hidden: states[-2], cell: states[-1])
      return (returnsSequence ? core.sequence(states[0..<input.shape[1]], mask) : after.hidden, after)
    }
  }
}
