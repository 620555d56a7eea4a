import BackendCore

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
      try? run(dy.device.callTarget, nil)
    }
    return failure.map { Tensor(failure: $0, dy.extents, dy.dtype, on: dy.device) } ?? dz
  }
}
