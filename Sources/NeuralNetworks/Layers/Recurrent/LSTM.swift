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
  ///
  /// With other activations than the defaults, and in training with `recurrentDropout`, the layer computes each step from
  /// several operations, which takes longer. Both kinds of dropout draw one mask per example for all steps (Gal and
  /// Ghahramani 2016), as in Keras.
  /// - Parameters:
  ///   - units: The size of h and c.
  ///   - activation: The function in place of tanh.
  ///   - recurrentActivation: The function of the gates, in place of σ.
  ///   - unitForgetBias: Whether the bias of the forget gate starts at 1, as in Keras.
  ///   - dropout: The probability with which training drops a feature of the input.
  ///   - recurrentDropout: The probability with which training drops a number of h in h·U.
  ///   - returnsSequence: Whether to return every h instead of only the last one.
  ///   - goesBackwards: Whether to process the steps from last to first.
  ///   - masksZeros: Whether steps whose numbers are all 0 are treated as padding.
  public convenience init(
    _ units: Int, activation: ActivationFunction = .tanh, recurrentActivation: ActivationFunction = .sigmoid,
    unitForgetBias: Bool = false, dropout: Double = 0, recurrentDropout: Double = 0,
    returnsSequence: Bool = false, goesBackwards: Bool = false, masksZeros: Bool = false
  ) {
    self.init(
      configuration: RecurrentConfiguration(
        units: units, activation: activation, recurrentActivation: recurrentActivation, unitForgetBias: unitForgetBias,
        dropout: dropout, recurrentDropout: recurrentDropout, returnsSequence: returnsSequence,
        goesBackwards: goesBackwards, masksZeros: masksZeros))
  }

  public init(configuration: RecurrentConfiguration) {
    self.configuration = configuration
    (inputWeight, recurrentWeight, inputBias, recurrentBias) = RecurrentCore.makeParameters(configuration)
  }

  private var core: RecurrentCore {
    RecurrentCore(
      layer: "LSTM", cell: .lstm, configuration: configuration, inputWeight: inputWeight,
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

  /// Returns the output and the state after the sequence, given an initial state (PyTorch's `(output, h_n)`;
  /// Keras' `initial_state` and `return_state`).
  /// - Parameters:
  ///   - input: `[N, steps, features]`.
  ///   - state: The initial state; nil: zeros.
  ///   - mask: A bool mask `[N, steps]`, false for padding.
  ///   - context: The context: training or inference.
  public func callAsFunction(
    _ input: Tensor, from state: State?, mask: Tensor? = nil, _ context: Context
  ) -> (output: Tensor, state: State) {
    let (output, after) = called(
      input, from: state.map { [$0.hidden, $0.cell] }, stateCount: 2, mask: mask, context)
    return (output, State(hidden: after[0], cell: after[1]))
  }
}
