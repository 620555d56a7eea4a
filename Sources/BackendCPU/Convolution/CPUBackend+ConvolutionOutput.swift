import BackendCore
import CPUKernels

/// The gradient of the operations after the sums of a convolution.
extension CPUBackend {
  public func convolutionOutputGradient(
    _ dy: BufferSlice, saved: BufferSlice?, activation: UnaryOp?, batch: Int, channels: Int, plane: Int,
    dz: BufferSlice?, dBias: BufferSlice?
  ) throws {
    try require(.convolutionOutputGradient, for: dy.dtype)
    let planes = batch * channels
    var gradient = dy
    if activation != nil { gradient = try dz ?? BufferSlice(allocate(count: planes * plane, dtype: .float32)) }
    let (source, before, result) = (dy.floats, (saved ?? dy).floats, gradient.floats)
    let (derive, sum) = (kernels.pointee.unary_gradient, kernels.pointee.reduce)
    try withScratch(max(planes, 1), of: Double.self) { sums in
      parallel(planes, grain: max(1, (activation?.kind.grain ?? Grain.simple) / max(plane, 1)), unit: 1) {
        for index in $0 {
          let first = index * plane
          if let activation, let code = activation.kind.code {
            derive(
              code, source + first, before + first, result + first, plane, Float(activation.a), Float(activation.b))
          }
          if dBias != nil { sums[index] = sum(NN_SUM, result + first, plane) }
        }
      }
      guard let total = dBias?.floats else { return }
      for channel in 0..<channels {
        var sum = 0.0
        for image in 0..<batch { sum += sums[image * channels + channel] }
        total[channel] = Float(sum)
      }
    }
  }
}
