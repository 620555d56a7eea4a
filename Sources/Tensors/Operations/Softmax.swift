import BackendCore

extension Tensor {
  /// Returns eˣ/Σeˣ along an axis, without overflow.
  public func softmax(axis: Int = -1) -> Tensor { normalized(axis: axis, logarithmic: false, "softmax") }

  /// Returns x − ln Σeˣ along an axis, without overflow.
  public func logSoftmax(axis: Int = -1) -> Tensor { normalized(axis: axis, logarithmic: true, "logSoftmax") }

  private func normalized(axis: Int, logarithmic: Bool, _ name: StaticString) -> Tensor {
    checked {
      try Checks.floatingPoint(name, self)
      let axis = try Checks.axis(name, axis, extents)
      if axis != rank - 1 {
        return transposed(axis, -1).normalized(axis: -1, logarithmic: logarithmic, name).transposed(axis, -1)
      }
      let recording = Tape.recording(node)
      if let recording, recording.isNested {
        // The largest element is subtracted first: next to a large common offset, ln Σ eˣ would be rounded away.
        let shifted = self - largestFinite(axes: [axis])
        let logarithms = shifted - shifted.exp().sum(axis: axis, keepingRank: true).log()
        return logarithmic ? logarithms : logarithms.exp()
      }
      let columns = extents[-1]
      let rows = extents.dropping(last: 1).count
      var y = Tensor.launch(self, extents, dtype, on: device) { backend, x, y in
        try backend.softmax(x, rows: rows, columns: columns, logarithmic: logarithmic, into: y)
      }
      if let recording {
        y.node = recording.append(
          .softmax(SoftmaxRecord(x: node, y: Operand(y, keeping: true), isLogarithmic: logarithmic)))
      }
      return y
    }
  }
}

/// y = softmax(x) or ln softmax(x) over the last axis. Recorded only in outermost scopes; nested scopes compose it.
struct SoftmaxRecord: GradientRule {
  let x: TapeNode
  let y: Operand
  let isLogarithmic: Bool

  func propagate(_ dy: inout Tensor, in pass: inout BackwardPass) {
    let y = y.tensor
    let columns = y.extents[-1]
    let rows = y.extents.dropping(last: 1).count
    let isLogarithmic = isLogarithmic
    let dx = Tensor.launch(dy, y, y.extents, y.dtype, on: y.device) { backend, dy, y, dx in
      try backend.softmaxGradient(dy, y, rows: rows, columns: columns, logarithmic: isLogarithmic, into: dx)
    }
    var operand = self.y
    operand.node = x
    pass.accumulate(dx, to: operand)
  }
}

extension Tensor {
  /// Returns −Σ q·ln softmax(logits) for each row of `[N, C]`, as `[N]`. q is (1 − smoothing) at the
  /// label + smoothing/C everywhere (PyTorch). Labels are integers. A row whose label is `ignoredLabel` gives 0 and no
  /// gradient; any other label out of range gives NaN.
  ///
  /// The gradient of the logits is computed together with the loss and multiplied by `expectedGradient`, the expected
  /// gradient of each row (1/N for a mean). If the expectation is correct, the backward pass has no work left to do.
  package func softmaxCrossEntropy(
    labels: Tensor, smoothing: Double, ignoredLabel: Int32?, expectedGradient: Double = 1
  ) -> Tensor {
    checked {
      let name: StaticString = "softmaxCrossEntropy"
      try Checks.floatingPoint(name, self)
      let labels = try Checks.indices(name, labels)
      if rank != 2 || labels.extents != [extents[0]] {
        try Checks.fail(
          name, "logits \(extents) and labels \(labels.extents) do not fit", hint: "they are [N, C] and [N]")
      }
      let device = try Checks.sameDevice(name, self, labels)
      let recording = Tape.recording(node)
      if let recording, recording.isNested { return composedCrossEntropy(labels, smoothing, ignoredLabel) }
      let (rows, columns) = (extents[0], extents[1])
      let gradient = recording == nil ? nil : Tensor.uninitialized(extents, dtype, on: device)
      var loss = Tensor.launch(self, labels, labels.extents, dtype, on: device) { backend, logits, labels, loss in
        try backend.softmaxCrossEntropy(
          logits, labels: labels, rows: rows, columns: columns, smoothing: smoothing, ignoredLabel: ignoredLabel,
          gradientScale: expectedGradient, loss: loss, gradient: gradient?.slice)
      }
      if let recording, let gradient {
        loss.node = recording.append(
          .crossEntropy(CrossEntropyRecord(logits: Operand(self), gradient: gradient, scale: expectedGradient)))
      }
      return loss
    }
  }

  /// Computes the result from primitives, which have derivatives of every order.
  private func composedCrossEntropy(_ labels: Tensor, _ smoothing: Double, _ ignoredLabel: Int32?) -> Tensor {
    let logarithms = logSoftmax()
    let picked = logarithms.gathered(labels.expanded(axis: 1), axis: 1).squeezed(axis: 1)
    var loss = -(picked * (1 - smoothing))
    if smoothing != 0 { loss = loss - logarithms.mean(axis: 1) * smoothing }
    guard let ignoredLabel else { return loss }
    return loss.replacing(with: 0, where: labels .== Double(ignoredLabel))
  }
}

/// loss[r] = the cross-entropy of row r. Recorded only in outermost scopes, whose records are used once; nested scopes
/// compose it.
final class CrossEntropyRecord: GradientRule {
  private let logits: Operand
  /// scale·(softmax(logits) − q), computed with the loss; nil after it has been passed on.
  private var gradient: Tensor?
  /// The factor included in `gradient`; not 0.
  private let scale: Double

  init(logits: Operand, gradient: Tensor, scale: Double) {
    self.logits = logits
    self.gradient = gradient
    self.scale = scale
  }

  func propagate(_ dy: inout Tensor, in pass: inout BackwardPass) {
    var gradient = takeGradient()
    gradient *= (scale == 1 ? dy : dy / scale).expanded(axis: 1)
    pass.accumulate(gradient, to: logits)
  }

  func propagate(_ dy: UniformGradient, in pass: inout BackwardPass) {
    var gradient = takeGradient()
    if dy.value != scale { gradient *= dy.value / scale }
    pass.accumulate(gradient, to: logits)
  }

  /// Takes the gradient out of the record, so that there is no other reference and it can be scaled in place.
  private func takeGradient() -> Tensor {
    guard let gradient = gradient.take() else { fatalError("the gradient of a cross entropy was passed on already") }
    return gradient
  }
}
