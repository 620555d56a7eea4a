/// A recurrent layer without gates (Elman 1990): `[N, steps, features]` → `[N, units]` (the last state), or
/// `[N, steps, units]` with `returnsSequence`.
///
/// In each step, h ← tanh(x·W + b + h·U + d). The formulas and initial values match PyTorch. W is `[features, units]`
/// and U is `[units, units]`: the transposes of PyTorch's `weight_ih_l0` and `weight_hh_l0`. b and d are its
/// `bias_ih_l0` and `bias_hh_l0`. Padding works as in `LSTM`.
public final class SimpleRNN: RecurrentLayer {
  /// W and U.
  public let inputWeight, recurrentWeight: Parameter
  /// b and d.
  public let inputBias, recurrentBias: Parameter
  /// All settings.
  public let configuration: RecurrentConfiguration

  /// Creates a simple recurrent layer.
  /// - Parameters:
  ///   - units: The size of h.
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
      layer: "SimpleRNN", cell: .simple, units: units, inputWeight: inputWeight, recurrentWeight: recurrentWeight,
      inputBias: inputBias, recurrentBias: recurrentBias)
  }

  public func prepare(inputShape: [Int]) throws { try core.prepare(inputShape: inputShape) }

  public func outputs(_ input: Tensor, mask: Tensor?, isReversed: Bool) -> Tensor {
    core.outputs(input, mask: mask, isReversed: isReversed, returnsSequence: returnsSequence)
  }

  /// Returns the output and the state h `[N, units]` after the sequence, given an initial state.
  /// - Parameters:
  ///   - input: `[N, steps, features]`.
  ///   - state: The initial state, `[N, units]`; nil: zeros.
  ///   - mask: A bool mask `[N, steps]`, false for padding.
  ///   - context: The context: training or inference.
  public func callAsFunction(
    _ input: Tensor, from state: Tensor?, mask: Tensor? = nil, _ context: Context
  ) -> (output: Tensor, state: Tensor) {
    called(core, input, from: state, mask: mask, context)
  }
}
