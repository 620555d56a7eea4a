/// A gated recurrent unit (Cho et al. 2014) with the reset gate after the product: `[N, steps, features]` →
/// `[N, units]` (the last state), or `[N, steps, units]` with `returnsSequence`.
///
/// In each step, with σ the sigmoid and the sums in thirds: (r, z) = σ(x·W + b + h·U + d),
/// n = tanh(x·W + b + r·(h·U + d)), h ← (1 − z)·n + z·h. The reset gate acts after the product, as in PyTorch and with
/// `reset_after` in Keras. The formulas, the order of the gates (r, z, n), and the initial values match PyTorch. W is
/// `[features, 3·units]` and U is `[units, 3·units]`: the transposes of PyTorch's `weight_ih_l0` and `weight_hh_l0`.
/// b and d are its `bias_ih_l0` and `bias_hh_l0`. Padding works as in `LSTM`.
public final class GRU: RecurrentLayer {
  /// W and U.
  public let inputWeight, recurrentWeight: Parameter
  /// b and d.
  public let inputBias, recurrentBias: Parameter
  /// All settings.
  public let configuration: RecurrentConfiguration

  /// Creates a GRU layer.
  ///
  /// With other activations than the defaults, and in training with `recurrentDropout`, the layer computes each step from
  /// several operations, which takes longer. Both kinds of dropout draw one mask per example for all steps (Gal and
  /// Ghahramani 2016), as in Keras.
  /// - Parameters:
  ///   - units: The size of h.
  ///   - activation: The function in place of tanh.
  ///   - recurrentActivation: The function of the gates, in place of σ.
  ///   - dropout: The probability with which training drops a feature of the input.
  ///   - recurrentDropout: The probability with which training drops a number of h in h·U.
  ///   - returnsSequence: Whether to return every h instead of only the last one.
  ///   - goesBackwards: Whether to process the steps from last to first.
  ///   - masksZeros: Whether steps whose numbers are all 0 are treated as padding.
  public convenience init(
    _ units: Int, activation: ActivationFunction = .tanh, recurrentActivation: ActivationFunction = .sigmoid,
    dropout: Double = 0, recurrentDropout: Double = 0, returnsSequence: Bool = false, goesBackwards: Bool = false,
    masksZeros: Bool = false
  ) {
    self.init(
      configuration: RecurrentConfiguration(
        units: units, activation: activation, recurrentActivation: recurrentActivation, dropout: dropout,
        recurrentDropout: recurrentDropout, returnsSequence: returnsSequence, goesBackwards: goesBackwards,
        masksZeros: masksZeros))
  }

  public init(configuration: RecurrentConfiguration) {
    self.configuration = configuration
    (inputWeight, recurrentWeight, inputBias, recurrentBias) = RecurrentCore.makeParameters(configuration)
  }

  private var core: RecurrentCore {
    RecurrentCore(
      layer: "GRU", cell: .gru, configuration: configuration, inputWeight: inputWeight,
      recurrentWeight: recurrentWeight, inputBias: inputBias, recurrentBias: recurrentBias)
  }

  public func prepare(inputShape: [Int]) throws { try core.prepare(inputShape: inputShape) }

  public func outputs(_ input: Tensor, mask: Tensor?, isReversed: Bool, _ context: Context) -> Tensor {
    core.outputs(input, mask: mask, isReversed: isReversed, context)
  }

  public func outputs(_ input: Tensor, from state: [Tensor]?, mask: Tensor?, isReversed: Bool, _ context: Context)
    -> (output: Tensor, state: [Tensor])
  {
    core.outputs(input, from: state, mask: mask, isReversed: isReversed, context)
  }

  /// Returns the output and the state h `[N, units]` after the sequence, given an initial state (PyTorch's `(output, h_n)`;
  /// Keras' `initial_state` and `return_state`).
  /// - Parameters:
  ///   - input: `[N, steps, features]`.
  ///   - state: The initial state, `[N, units]`; nil: zeros.
  ///   - mask: A bool mask `[N, steps]`, false for padding.
  ///   - context: The context: training or inference.
  public func callAsFunction(
    _ input: Tensor, from state: Tensor?, mask: Tensor? = nil, _ context: Context
  ) -> (output: Tensor, state: Tensor) {
    let (output, after) = called(input, from: state.map { [$0] }, stateCount: 1, mask: mask, context)
    return (output, after[0])
  }
}
