/// A layer that processes a sequence step by step, `[N, steps, features]` → `[N, units]` or `[N, steps, units]`.
/// `Bidirectional` accepts such layers.
public protocol RecurrentLayer: ConfigurableLayer {
  /// The size of the state.
  var units: Int { get }
  /// Whether the output is the state after each step instead of only the last one.
  var returnsSequence: Bool { get }
  /// Whether the layer processes the steps from last to first; false by default.
  var goesBackwards: Bool { get }
  /// Whether steps whose numbers are all 0 are treated as padding.
  var masksZeros: Bool { get }

  /// Returns the output for a sequence, starting from a zero state.
  /// - Parameters:
  ///   - input: `[N, steps, features]`.
  ///   - mask: A bool mask `[N, steps]`, false for padding, where the state does not change and the output of the step
  ///     is 0.
  ///   - isReversed: Whether to process the steps from last to first, regardless of `goesBackwards`. The last state is
  ///     then the state after the first step. A sequence of outputs keeps the order of the input.
  ///   - context: The context: training or inference.
  func outputs(_ input: Tensor, mask: Tensor?, isReversed: Bool, _ context: Context) -> Tensor

  /// Returns the output for a sequence and the state after it, given an initial state.
  ///
  /// A state consists of tensors `[N, units]`: h, and for an `LSTM` also c.
  /// - Parameters:
  ///   - input: `[N, steps, features]`.
  ///   - state: The initial state; nil: zeros.
  ///   - mask: A bool mask as above.
  ///   - isReversed: Whether to process the steps from last to first, as above.
  ///   - context: The context: training or inference.
  func outputs(_ input: Tensor, from state: [Tensor]?, mask: Tensor?, isReversed: Bool, _ context: Context)
    -> (output: Tensor, state: [Tensor])
}

extension RecurrentLayer where Configuration == RecurrentConfiguration {
  /// The size of the state. The output is `[N, units]`, or `[N, steps, units]` with `returnsSequence`.
  public var units: Int { configuration.units }
  /// Whether to return the outputs of all steps (true) or only the last one (false).
  public var returnsSequence: Bool { configuration.returnsSequence }
  /// Whether to process the steps from last to first. The last output is then the one after the first step; a sequence of
  /// outputs keeps the order of the input (Keras' `go_backwards` reverses it).
  public var goesBackwards: Bool { configuration.goesBackwards }
  /// Whether to skip steps whose inputs are all 0, such as padding.
  public var masksZeros: Bool { configuration.masksZeros }
}

extension RecurrentLayer where Configuration == RecurrentConfiguration {
  public var allowsReplay: Bool { configuration.allowsReplay }
}

extension RecurrentLayer {
  public var goesBackwards: Bool { false }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    outputs(input, mask: masksZeros ? input.stepsWithNumbers() : nil, isReversed: goesBackwards, context)
  }

  public var allowsReplay: Bool { true }

  /// Calls the layer with a state and a mask, or `forward` during shape inference.
  func called(_ input: Tensor, from state: [Tensor]?, stateCount: Int, mask: Tensor?, _ context: Context)
    -> (output: Tensor, state: [Tensor])
  {
    let thread = LayerThread.current
    let (input, state) = (input.inPrecision(with: thread), state?.map { $0.inPrecision(with: thread) })
    if let trace = thread.trace {
      if let fault = RecurrentCore.fault(input, mask: mask, states: state ?? [], units: units) {
        _ = ShapeTrace.refuse(self, fault, instead: input)
      }
      let output = trace.call(self, input, context)
      let after = Tensor.zeros([input.shape.first ?? 1, units], dtype: output.dtype, on: .shapes)
      return (output, [Tensor](repeating: after, count: stateCount))
    }
    return called(with: input) {
      let mask = mask ?? (masksZeros ? input.stepsWithNumbers() : nil)
      return outputs(input, from: state, mask: mask, isReversed: goesBackwards, context)
    }
  }
}

extension Tensor {
  /// Returns bool `[N, steps]` for `[N, steps, features]`: true if a step contains a nonzero number.
  func stepsWithNumbers() -> Tensor { (detached() .!= 0).any(axis: -1) }
}
