internal import HostSystem
import BackendCore
import CPUKernels

/// Pooling and its gradient, plane by plane.
extension CPUBackend {
  public func pool(
    _ op: PoolingOp, _ x: BufferSlice, _ shape: PoolingShape, into y: BufferSlice, indices: BufferSlice?
  ) throws {
    try require(.pool, for: x.dtype)
    if indices != nil { try BackendError.requirePositions("pool", below: shape.inputPlane) }
    let (source, result, positions) = (x.floats, y.floats, indices?.integers)
    let (height, width, kernel) = (nn_window(shape.height), nn_window(shape.width), kernels.pointee.pool_plane)
    forEachPlane(shape) { plane in
      withUnsafePointers(height, width) { height, width in
        kernel(
          op.code, source + plane * shape.inputPlane, height, width, result + plane * shape.outputPlane,
          positions.map { $0 + plane * shape.outputPlane })
      }
    }
  }

  public func poolGradient(
    _ op: PoolingOp, _ dy: BufferSlice, indices: BufferSlice?, _ shape: PoolingShape, into dx: BufferSlice
  ) throws {
    try require(.poolGradient, for: dy.dtype)
    let (gradient, result, allPositions) = (dy.floats, dx.floats, indices?.integers)
    let (height, width) = (nn_window(shape.height), nn_window(shape.width))
    guard op != .maximum || allPositions != nil else {
      fatalError("the gradient of a maximum needs the indices of the maxima")
    }
    let table = kernels
    let isLong = shape.height.windowsPerPosition * shape.width.windowsPerPosition > Self.plainWindows
    forEachPlane(shape) { plane in
      let (from, to) = (gradient + plane * shape.outputPlane, result + plane * shape.inputPlane)
      let positions = allPositions.map { $0 + plane * shape.outputPlane }
      withUnsafePointers(height, width) { height, width in
        guard isLong else {
          if op == .maximum, let positions {
            return table.pointee.pool_maximum_gradient(from, height, width, positions, to)
          }
          return table.pointee.pool_mean_gradient(op.code, from, height, width, to)
        }
        withUnsafeTemporaryAllocation(of: Double.self, capacity: shape.inputPlane) { sums in
          guard let sums = sums.baseAddress else { return }
          if op == .maximum, let positions {
            table.pointee.pool_maximum_gradient_long(from, height, width, positions, sums, to)
          } else {
            table.pointee.pool_mean_gradient_long(op.code, from, height, width, sums, to)
          }
        }
      }
    }
  }

  /// The maximum number of windows per input position whose gradients are added in float32.
  private static let plainWindows = 64

  private func forEachPlane(_ shape: PoolingShape, _ body: (Int) -> Void) {
    let work = max(1, shape.inputPlane + shape.outputPlane * shape.window)
    parallel(shape.planes, grain: max(1, Grain.simple / work), unit: 1) { planes in
      for plane in planes { body(plane) }
    }
  }
}

private func withUnsafePointers(
  _ height: nn_window, _ width: nn_window, _ body: (UnsafePointer<nn_window>, UnsafePointer<nn_window>) -> Void
) {
  withUnsafePointer(to: height) { height in withUnsafePointer(to: width) { width in body(height, width) } }
}

extension WindowAxis {
  /// The maximum number of windows that contain one input position.
  fileprivate var windowsPerPosition: Int { min(output, kernel.dividedRoundingUp(by: stride)) }
}

extension nn_window {
  fileprivate init(_ axis: WindowAxis) {
    self.init(
      input: axis.input, output: axis.output, kernel: axis.kernel, stride: axis.stride, dilation: axis.dilation,
      padding: axis.padding)
  }
}

extension PoolingOp {
  fileprivate var code: nn_pooling {
    switch self {
    case .maximum: NN_POOL_MAXIMUM
    case .mean: NN_POOL_MEAN
    case .meanWithPadding: NN_POOL_MEAN_WITH_PADDING
    }
  }
}
