import BackendCore

extension Tensor {
  /// Returns activation(x·W + bias) as a single operation: x `[..., inputs]`, W `[inputs, units]`, bias `[units]`, y
  /// `[..., units]`.
  package func linear(_ weight: Tensor, bias: Tensor?, activation: UnaryOp?) -> Tensor {
    checked {
      try checkLinear(weight, bias)
      let recording = Tape.recording(node, weight.node, bias?.node ?? .constant)
      let hasRule = activation.map { $0.gradientSource != .neither } ?? true
      if let recording, recording.isNested || !hasRule { return composedLinear(weight, bias, activation) }

      let (inputs, units) = (weight.extents[0], weight.extents[1])
      var result = extents
      result[-1] = units
      try Checks.countable("linear", result)
      let rows = result.dropping(last: 1).count
      let device = try Checks.sameDevice("linear", self, weight)
      var preActivation: Tensor?
      if recording != nil && activation?.gradientSource == .input {
        preActivation = Tensor.uninitialized(result, dtype, on: device)
      }
      var y = Tensor.launch(self, weight, result, dtype, on: device) { backend, x, w, y in
        try backend.linear(
          x, w, bias: bias?.slice, rows: rows, inputs: inputs, units: units, activation: activation, into: y,
          preActivation: preActivation?.slice)
      }
      if let recording {
        let record = LinearRecord(
          x: self, weight: weight, bias: bias, activation: activation, output: y, preActivation: preActivation,
          on: recording)
        y.node = recording.append(.linear(record))
      }
      return y
    }
  }

  /// Computes the result from primitives, which have derivatives of every order.
  private func composedLinear(_ weight: Tensor, _ bias: Tensor?, _ activation: UnaryOp?) -> Tensor {
    var y = matmul(weight)
    if let bias { y = y + bias }
    return activation.map { y.applying($0) } ?? y
  }

  private func checkLinear(_ weight: Tensor, _ bias: Tensor?) throws {
    try Checks.floatingPoint("linear", self)
    try Checks.sameDType("linear", self, weight)
    if weight.rank != 2 || rank == 0 || extents[-1] != weight.extents[0] {
      try Checks.fail(
        "linear", "shapes \(extents) and \(weight.extents) do not fit",
        hint: "the last axis of the input is as long as the first of the weight")
    }
    guard let bias else { return }
    try Checks.sameDType("linear", self, bias)
    _ = try Checks.sameDevice("linear", self, bias)
    if bias.extents != [weight.extents[1]] {
      try Checks.fail("linear", "a bias of shape \(bias.extents) does not fit weight \(weight.extents)")
    }
  }
}

/// y = activation(x·W + bias).
struct LinearRecord: GradientRule {
  let x, weight: Operand
  let bias: Operand?
  let activation: UnaryOp?
  /// The value from which the derivative of the activation is computed.
  let saved: Operand?

  init(
    x: Tensor, weight: Tensor, bias: Tensor?, activation: UnaryOp?, output: Tensor, preActivation: Tensor?,
    on tape: Tape
  ) {
    self.x = Operand(x, keeping: tape.owns(weight.node))
    self.weight = Operand(weight, keeping: tape.owns(x.node))
    self.bias = bias.map { Operand($0) }
    self.activation = activation
    saved = activation == nil ? nil : Operand(preActivation ?? output, keeping: true)
  }

  func propagate(_ dy: inout Tensor, in pass: inout BackwardPass) {
    let units = weight.extents[1]
    let rows = dy.extents.dropping(last: 1).count
    let epilogue = EpilogueGradient(bias: bias, activation: activation, saved: saved)
    let dz = epilogue.propagate(&dy, units: units, in: &pass) { backend, dy, saved, dz, dBias in
      try backend.linearGradient(
        dy, saved: saved, activation: epilogue.activation, rows: rows, units: units, dz: dz, dBias: dBias)
    }.reshaped(to: [rows, units])
    if pass.needsGradient(weight) {
      pass.addProduct(x.tensor.detached().reshaped(to: [rows, weight.extents[0]]), dz, to: weight)
    }
    pass.accumulate(dz.matmul(weight.tensor, transposingRight: true).reshaped(to: x.extents), to: x)
  }
}

/// The gradients of the epilogue of a fused operation, y = activation(z + bias).
struct EpilogueGradient {
  let bias: Operand?
  let activation: UnaryOp?
  /// The value from which the gradient of the activation is computed.
  let saved: Operand?

  /// dz = dy·activation′, in place in dy if nothing else references it, and dBias = Σ dz in the same call.
  ///
  /// - Parameters:
  ///   - units: The number of elements of the bias.
  ///   - launch: The operation of the backend. It receives dy, the saved value, and the destinations of dz and dBias,
  ///     which are nil if not needed.
  func propagate(
    _ dy: inout Tensor, units: Int, in pass: inout BackwardPass,
    _ launch: (any Backend, BufferSlice, BufferSlice?, BufferSlice?, BufferSlice?) throws -> Void
  ) -> Tensor {
    let wantsBias = bias.map { pass.needsGradient($0) } ?? false
    if activation == nil && !wantsBias { return dy }
    let isInPlace = activation == nil || dy.isStorageUniquelyReferenced()
    let dz = isInPlace ? dy : Tensor.uninitialized(dy.extents, dy.dtype, on: dy.device)
    let (source, saved, activation) = (dy, saved, activation)
    var failure: (any Error)?
    func run(_ backend: any Backend, _ dBias: BufferSlice?) throws {
      do {
        try launch(backend, source.slice, saved?.tensor.slice, activation == nil ? nil : dz.slice, dBias)
      } catch {
        failure = error
        throw error
      }
    }
    if let bias, wantsBias {
      if pass.hasFreshRange(bias) {
        var hasRun = false
        pass.write(to: bias) { backend, range, _ in
          hasRun = true
          try run(backend, range)
        }
        // A failed slab is not written to, so dz would be missing, too.
        if !hasRun, let poison = pass.poison(of: bias) { failure = poison.error }
      } else {
        let dBias = Tensor.launch([units], dy.dtype, on: dy.device) { backend, dBias in try run(backend, dBias) }
        if let poison = dBias.storage.poison { failure = poison.error }
        pass.accumulate(dBias, to: bias)
      }
    } else {
      try? run(dy.device.callTarget(isWidened: dy.dtype.isWidened), nil)
    }
    return failure.map { Tensor(failure: $0, dy.extents, dy.dtype, on: dy.device) } ?? dz
  }
}
