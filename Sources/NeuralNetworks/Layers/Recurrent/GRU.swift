/// A gated recurrent unit (Cho et al. 2014), reset after the product: `[N, steps, features]` → `[N, units]`, the last
/// state, or with `returnsSequence` `[N, steps, units]`.
///
/// In each step, with σ the sigmoid and the sums in thirds: (r, z) = σ(x·W + b + h·U + d), n = tanh(x·W + b + r·(h·U + d)),
/// h ← (1 − z)·n + z·h. The reset gate acts after the product, as in PyTorch and in Keras' `reset_after`.
/// Formulas, the order of the gates (r, z, n) and first values are PyTorch's. W is `[features, 3·units]` and U
/// `[units, 3·units]`: PyTorch's `weight_ih_l0` and `weight_hh_l0` transposed; b and d are its `bias_ih_l0` and
/// `bias_hh_l0`. Padding is as in `LSTM`.
public final class GRU: RecurrentLayer {
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
  ///   - units: The width of h.
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
      layer: "GRU", cell: .gru, units: units, inputWeight: inputWeight, recurrentWeight: recurrentWeight,
      inputBias: inputBias, recurrentBias: recurrentBias)
  }

  public func prepare(inputShape: [Int]) throws { try core.prepare(inputShape: inputShape) }

  public func outputs(_ input: Tensor, mask: Tensor?, isReversed: Bool) -> Tensor {
    core.outputs(input, mask: mask, isReversed: isReversed, returnsSequence: returnsSequence)
  }

  /// The output and the state h `[N, units]` after the sequence, for a state before it.
  /// - Parameters:
  ///   - input: `[N, steps, features]`.
  ///   - state: What the sequence begins with, `[N, units]`; nil: zeros.
  ///   - mask: Bool `[N, steps]`: false for padding.
  ///   - context: Training or inference.
  public func callAsFunction(
    _ input: Tensor, from state: Tensor?, mask: Tensor? = nil, _ context: Context
  ) -> (output: Tensor, state: Tensor) {
    called(input, mask: mask, states: [state], context, shapes: { $0 }) {
      let mask = mask ?? (masksZeros ? input.stepsWithNumbers() : nil)
      let states = core.states(input, from: state, mask: mask, isReversed: false, giving: .states)
      return (returnsSequence ? core.sequence(states, mask) : states[-1], states[-1])
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
