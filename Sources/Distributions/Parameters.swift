import NeuralNetworks

/// Ends the program unless a tensor has an axis of classes.
func requireClasses(_ owner: String, _ parameter: Tensor) {
  guard let classes = parameter.shape.last, classes > 0 else {
    ProgrammerError.end("\(owner): parameters of shape \(parameter.shape), expected [..., classes]")
  }
}

/// Ends the program unless a count is at least 0.
func requireCount(_ owner: String, _ count: Int) {
  if count < 0 { ProgrammerError.end("\(owner): the total count is \(count), expected at least 0") }
}

extension Tensor {
  /// ln(p/(1 − p)) for probabilities, which are first limited to the numbers between 0 and 1 (PyTorch).
  var limitedLogit: Tensor {
    let epsilon = dtype == .float64 ? 0x1p-52 : 0x1p-23
    return clamped(to: epsilon...1 - epsilon).logit()
  }
}
