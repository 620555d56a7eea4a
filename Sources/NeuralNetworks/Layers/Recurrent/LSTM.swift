/// Long short-term memory (Hochreiter and Schmidhuber 1997): `[N, steps, features]` → `[N, units]`, the last state, or with
/// `returnsSequence` `[N, steps, units]`.
///
/// ```swift
/// LSTM(128)                                  // [N, 28, 28] → [N, 128]
/// LSTM(64, returnsSequence: true)            // before another recurrent layer
/// LSTM(64, masksZeros: true)                 // after Embedding(8000, 64, padding: 0)
/// ```
///
/// In each step, with σ the sigmoid: (i, f, g, o) = (σ, σ, tanh, σ)(x·W + b + h·U + d), c ← f·c + i·g, h ← o·tanh(c).
/// Formulas, the order of the gates and first values are PyTorch's. W is `[features, 4·units]` and U `[units, 4·units]`:
/// PyTorch's `weight_ih_l0` and `weight_hh_l0` transposed; b and d are its `bias_ih_l0` and `bias_hh_l0`.
///
/// Padding: where a mask is false, or with `masksZeros` all numbers of a step are 0, the state stays as it is, so that the last
/// output is that of the last step that counts; in a sequence of outputs the step is 0 (PyTorch's packed sequences).
public final class LSTM: RecurrentLayer {
  /// The state between two steps: h and c, both `[N, units]`.
  public struct State: Sendable {
    /// Both `[N, units]`.
    public var hidden, cell: Tensor

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
  /// How many numbers the state has; the output is `[N, units]`, or `[N, T, units]` with `returnsSequence`.
  public let units: Int
  /// True: the outputs of all steps, false: that of the last one.
  public let returnsSequence: Bool
  /// True: steps whose inputs are all 0 are passed over, as padding is.
  public let masksZeros: Bool

  /// - Parameters:
  ///   - units: The width of h and c.
  ///   - returnsSequence: Whether every h is an output, not the last one alone.
  ///   - masksZeros: Whether steps whose numbers are all 0 are padding.
  public init(_ units: Int, returnsSequence: Bool = false, masksZeros: Bool = false) {
    self.units = units
    self.returnsSequence = returnsSequence
    self.masksZeros = masksZeros
    (inputWeight, recurrentWeight, inputBias, recurrentBias) = RecurrentCore.makeParameters(units: units)
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

  /// The output and the state after the sequence, for a state before it.
  /// - Parameters:
  ///   - input: `[N, steps, features]`.
  ///   - state: What the sequence begins with; nil: zeros.
  ///   - mask: Bool `[N, steps]`: false for padding.
  ///   - context: Training or inference.
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

  public var configuration: RecurrentConfiguration {
    RecurrentConfiguration(units: units, returnsSequence: returnsSequence, masksZeros: masksZeros)
  }

  public convenience init(configuration: RecurrentConfiguration) {
    self.init(
      configuration.units, returnsSequence: configuration.returnsSequence, masksZeros: configuration.masksZeros)
  }
}
