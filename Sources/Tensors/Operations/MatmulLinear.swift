import BackendCore

extension Tensor {
  /// activation(x·W + bias) in one operation: x `[..., inputs]`, W `[inputs, units]`, bias `[units]`, y `[..., units]`.
  package func linear(_ weight: Tensor, bias: Tensor?, activation: UnaryOp?) -> Tensor {
    checkLinear(weight, bias)
    let recording = Tape.recording(node, weight.node, bias?.node ?? .constant)
    let hasRule = activation.map { $0.gradientSource != .neither } ?? true
    if let recording, recording.isNested || !hasRule { return composedLinear(weight, bias, activation) }

    let (inputs, units) = (weight.extents[0], weight.extents[1])
    var result = extents
    result[-1] = units
    Checks.countable("linear", result)
    let rows = result.dropping(last: 1).count
    let device = Checks.sameDevice("linear", self, weight)
    var preActivation: Tensor?
    if recording != nil && activation?.gradientSource == .input {
      preActivation = Tensor.launch(result, dtype, on: device) { _, _ in }
    }
    let addend = bias ?? weight  // a stand-in, so that one launch serves both
    let before = preActivation ?? weight
    guard let beforeBuffer = before.storage.buffer else {
      return Tensor.poisoned(by: before, self, weight, result, dtype, on: device)
    }
    var y = Tensor.launch(self, weight, addend, result, dtype, on: device) { backend, x, w, b, y in
      try backend.linear(
        x, w, bias: bias == nil ? nil : b, rows: rows, inputs: inputs, units: units, activation: activation, into: y,
        preActivation: preActivation == nil ? nil : BufferSlice(beforeBuffer))
    }
    if let recording {
      let record = LinearRecord(
        x: self, weight: weight, bias: bias, activation: activation, output: y, preActivation: preActivation,
        on: recording)
      y.node = recording.append(.linear(record))
    }
    return y
  }

  /// The same from primitives, which have derivatives of every order.
  private func composedLinear(_ weight: Tensor, _ bias: Tensor?, _ activation: UnaryOp?) -> Tensor {
    var y = matmul(weight)
    if let bias { y = y + bias }
    return activation.map { y.applying($0) } ?? y
  }

  private func checkLinear(_ weight: Tensor, _ bias: Tensor?) {
    Checks.floatingPoint("linear", self)
    Checks.sameDType("linear", self, weight)
    if weight.rank != 2 || rank == 0 || extents[-1] != weight.extents[0] {
      Checks.fail(
        "linear", "shapes \(extents) and \(weight.extents) do not fit",
        hint: "the last axis of the input is as long as the first of the weight")
    }
    guard let bias else { return }
    Checks.sameDType("linear", self, bias)
    _ = Checks.sameDevice("linear", self, bias)
    if bias.extents != [weight.extents[1]] {
      Checks.fail("linear", "a bias of shape \(bias.extents) does not fit weight \(weight.extents)")
    }
  }
}

/// y = activation(x·W + bias).
struct LinearRecord: GradientRule {
  let x, weight: Operand
  let bias: Operand?
  let activation: UnaryOp?
  /// What the derivative of the activation is computed from.
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

  func propagate(_ dy: inout Tensor, in walk: inout BackwardWalk) {
    let units = weight.extents[1]
    let rows = dy.extents.dropping(last: 1).count
    let dz = backThroughActivation(&dy, rows: rows, units: units, in: &walk).reshaped(to: [rows, units])
    if walk.wants(weight) {
      walk.addProduct(x.tensor.detached().reshaped(to: [rows, weight.extents[0]]), dz, to: weight)
    }
    walk.add(dz.matmul(weight.tensor, transposingRight: true).reshaped(to: x.extents), to: x)
  }

  /// dz = dy·activation′, over dy itself where nobody else holds it, and dBias = Σ dz in the same call.
  private func backThroughActivation(
    _ dy: inout Tensor, rows: Int, units: Int, in walk: inout BackwardWalk
  ) -> Tensor {
    let wantsBias = bias.map { walk.wants($0) } ?? false
    if activation == nil && !wantsBias { return dy }
    let isInPlace = activation == nil || dy.isStorageUniquelyReferenced()
    let dz = isInPlace ? dy : Tensor.launch(dy.extents, dy.dtype, on: dy.device) { _, _ in }
    let (source, saved, activation) = (dy, saved, activation)
    var failure: (any Error)?
    func run(_ backend: any Backend, _ dBias: BufferSlice?) throws {
      do {
        try backend.linearGradient(
          source.slice, saved: saved?.tensor.slice, activation: activation, rows: rows, units: units,
          dz: activation == nil ? nil : dz.slice, dBias: dBias)
      } catch {
        failure = error
        throw error
      }
    }
    if let bias, wantsBias {
      if walk.hasFreshRange(bias) {
        var hasRun = false
        walk.write(to: bias) { backend, range, _ in
          hasRun = true
          try run(backend, range)
        }
        // Nothing is written into a slab that has failed, and dz would be missing too.
        if !hasRun, let poison = walk.poison(of: bias) { failure = poison.error }
      } else {
        let dBias = Tensor.launch([units], dy.dtype, on: dy.device) { backend, dBias in try run(backend, dBias) }
        if let poison = dBias.storage.poison { failure = poison.error }
        walk.add(dBias, to: bias)
      }
    } else {
      try? run(dy.device.backend, nil)
    }
    return failure.map { Tensor(failure: $0, dy.extents, dy.dtype, on: dy.device) } ?? dz
  }
}
