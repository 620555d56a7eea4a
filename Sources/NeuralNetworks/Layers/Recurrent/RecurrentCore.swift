import BackendCore

/// The common part of the recurrent layers: parameters, their shapes, and the loop over a sequence.
struct RecurrentCore {
  let layer: String
  let cell: RecurrentCell
  let units: Int
  let inputWeight, recurrentWeight, inputBias, recurrentBias: Parameter

  /// Creates four parameters, initialized from U(±1/√units) as in PyTorch.
  static func makeParameters(units: Int) -> (input: Parameter, recurrent: Parameter, Parameter, Parameter) {
    let bound = 1 / Double(max(units, 1)).squareRoot()
    func make() -> Parameter { Parameter(nil, .uniform(-bound, bound)) }
    return (make(), make(), make(), make())
  }

  func prepare(inputShape: [Int]) throws {
    guard units > 0 else {
      throw ModelError.invalidConfiguration(layer: layer, reason: "there are \(units) units; at least 1 is needed")
    }
    guard units <= SizeLimit.tensor else {
      throw ModelError.invalidConfiguration(
        layer: layer, reason: "there are \(units) units; at most \(SizeLimit.tensor) are possible")
    }
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
  func states(
    _ input: Tensor, from hidden: Tensor? = nil, cell state: Tensor? = nil, mask: Tensor?, isReversed: Bool,
    giving result: RecurrenceResult
  ) -> Tensor {
    checked {
      if let fault = RecurrentCore.fault(input, mask: mask, states: [hidden, state], units: units) {
        try ProgrammerError.refuse("\(layer): \(fault)")
      }
      var recurrence = Recurrence(
        cell, weight: recurrentWeight.value, initialHidden: hidden, initialCell: state,
        mask: mask?.transposed(0, 1), isReversed: isReversed, giving: result)
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
  func outputs(_ input: Tensor, mask: Tensor?, isReversed: Bool, returnsSequence: Bool) -> Tensor {
    let states = states(
      input, mask: mask, isReversed: isReversed, giving: returnsSequence ? .sequence : .last)
    return returnsSequence ? sequence(states, mask) : states
  }

  /// Returns states as an output: with the batch axis first, and with zeros where the mask is false.
  func sequence(_ states: Tensor, _ mask: Tensor?) -> Tensor {
    let output = states.transposed(0, 1)
    return mask.map { output * $0.cast(to: output.dtype).expanded(axis: -1) } ?? output
  }

  /// Returns the problem with the shapes of a call; nil if there is none.
  static func fault(_ input: Tensor, mask: Tensor?, states: [Tensor?], units: Int) -> String? {
    let shape = input.shape
    if input.rank != 3 || shape[1] == 0 {
      return "the input has the shape \(shape), expected [N, steps, features] with at least one step"
    }
    let (sequences, state) = (Array(shape.prefix(2)), [shape[0], units])
    if let mask, mask.dtype != .bool || mask.shape != sequences {
      return
        "the mask is \(mask.dtype) of shape \(mask.shape), expected bool \(sequences) for the input of shape \(shape)"
    }
    for found in states.compactMap({ $0?.shape }) where found != state {
      return "a state has the shape \(found), expected \(state) for the input of shape \(shape)"
    }
    return nil
  }
}
