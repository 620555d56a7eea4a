import BackendCore

/// The common part of the recurrent layers: parameters, their shapes, and the loop over a sequence.
struct RecurrentCore {
  let layer: String
  let cell: RecurrentCell
  let configuration: RecurrentConfiguration
  let inputWeight, recurrentWeight, inputBias, recurrentBias: Parameter

  private var units: Int { configuration.units }

  /// Creates four parameters, initialized from U(±1/√units) as in PyTorch. With `unitForgetBias`, the sum of the biases of
  /// the second gate is 1, as in Keras.
  static func makeParameters(_ configuration: RecurrentConfiguration)
    -> (input: Parameter, recurrent: Parameter, Parameter, Parameter)
  {
    let bound = 1 / Double(max(configuration.units, 1)).squareRoot()
    let uniform = Initializer.uniform(-bound, bound)
    func bias(ofForgetGate value: Float) -> Parameter {
      guard configuration.unitForgetBias else { return Parameter(nil, uniform) }
      return Parameter(
        nil,
        Initializer("unit_forget_bias") { shape, random in
          var values = uniform.values(shape, random)
          for index in values.count / 4..<values.count / 2 { values[index] = value }
          return values
        })
    }
    return (Parameter(nil, uniform), Parameter(nil, uniform), bias(ofForgetGate: 1), bias(ofForgetGate: 0))
  }

  func prepare(inputShape: [Int]) throws {
    try configuration.check(layer, hasGates: cell != .simple, hasForgetGate: cell == .lstm)
    guard inputShape.count == 2, inputShape[0] > 0 else {
      throw ModelError.invalidConfiguration(
        layer: layer, reason: "an example is a sequence [steps, features] of at least one step, not \(inputShape)")
    }
    let gates = cell.gateCount * units
    if let known = inputWeight.shape, known[0] != inputShape[1], inputWeight.slab != nil {
      throw ModelError.inputShape(layer: layer, expected: [inputShape[0], known[0]], found: inputShape)
    }
    inputWeight.declare(shape: [inputShape[1], gates])
    recurrentWeight.declare(shape: [units, gates])
    inputBias.declare(shape: [gates])
    recurrentBias.declare(shape: [gates])
  }

  /// Returns the states for a sequence `[N, steps, features]`, with the steps as the first axis. Computes one product
  /// for all inputs, then one product with the state and one cell per step.
  private func states(
    _ input: Tensor, from state: [Tensor]? = nil, mask: Tensor?, isReversed: Bool, giving result: RecurrenceResult,
    _ context: Context
  ) -> Tensor {
    checked {
      if let fault = RecurrentCore.fault(input, mask: mask, states: state ?? [], units: units) {
        try ProgrammerError.refuse("\(layer): \(fault)")
      }
      let count = cell.hasCellState ? 2 : 1
      if let state, state.count != count {
        try ProgrammerError.refuse("\(layer): the state consists of \(state.count) tensors, expected \(count)")
      }
      let input = configuration.dropped(input, context)
      var recurrence = Recurrence(
        cell, weight: recurrentWeight.value, initialHidden: state?[0], initialCell: cell.hasCellState ? state?[1] : nil,
        mask: mask?.transposed(0, 1), isReversed: isReversed, giving: result)
      recurrence.variation = configuration.variation(for: input, context)
      var bias = inputBias.value
      if cell.separatesRecurrentSums {
        recurrence.recurrentBias = recurrentBias.value
      } else {
        bias = bias + recurrentBias.value
      }
      return recurrence(input.transposed(0, 1).linear(inputWeight.value, bias: bias, activation: nil))
    }
  }

  /// Returns the output of a layer: the last state `[N, units]`, or all states with zeros where the mask is false.
  func outputs(_ input: Tensor, mask: Tensor?, isReversed: Bool, _ context: Context) -> Tensor {
    let returnsSequence = configuration.returnsSequence
    let states = states(
      input, mask: mask, isReversed: isReversed, giving: returnsSequence ? .sequence : .last, context)
    return returnsSequence ? sequence(states, mask) : states
  }

  /// Returns the output of a layer and the state after the sequence.
  func outputs(_ input: Tensor, from state: [Tensor]?, mask: Tensor?, isReversed: Bool, _ context: Context)
    -> (output: Tensor, state: [Tensor])
  {
    let states = states(input, from: state, mask: mask, isReversed: isReversed, giving: .states, context)
    let steps = input.rank > 1 ? input.shape[1] : 1
    let hidden = states[isReversed ? 0 : steps - 1]
    let output = configuration.returnsSequence ? sequence(cell.hasCellState ? states[0..<steps] : states, mask) : hidden
    return (output, cell.hasCellState ? [hidden, states[steps]] : [hidden])
  }

  /// Returns states as an output: with the batch axis first, and with zeros where the mask is false.
  private func sequence(_ states: Tensor, _ mask: Tensor?) -> Tensor {
    let output = states.transposed(0, 1)
    return mask.map { output * $0.cast(to: output.dtype).expanded(axis: -1) } ?? output
  }

  /// Returns the problem with the shapes of a call; nil if there is none.
  static func fault(_ input: Tensor, mask: Tensor?, states: [Tensor], units: Int) -> String? {
    let shape = input.shape
    if input.rank != 3 || shape[1] == 0 {
      return "the input has the shape \(shape), expected [N, steps, features] with at least one step"
    }
    let (sequences, state) = (Array(shape.prefix(2)), [shape[0], units])
    if let mask, mask.dtype != .bool || mask.shape != sequences {
      return
        "the mask is \(mask.dtype) of shape \(mask.shape), expected bool \(sequences) for the input of shape \(shape)"
    }
    for found in states.map(\.shape) where found != state {
      return "a state has the shape \(found), expected \(state) for the input of shape \(shape)"
    }
    return nil
  }
}
