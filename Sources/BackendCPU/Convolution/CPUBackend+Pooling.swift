internal import HostSystem
import BackendCore
import CPUKernels

/// Pooling and its gradient, plane by plane.
extension CPUBackend {
  public func pool(
    _ op: PoolingOp, _ x: BufferSlice, _ shape: PoolingShape, into y: BufferSlice, indices: BufferSlice?
  ) throws {
    if x.dtype == .float64 { return try composed.pool(op, x, shape, into: y, indices: indices) }
    if !x.dtype.isHalf { try require(.pool, for: x.dtype) }
    if indices != nil { try BackendError.requirePositions("pool", below: shape.inputPlane) }
    let (source, result, positions) = (OperandMemory(x), OperandMemory(y), indices?.integers)
    let (height, width, kernel) = (nn_window(shape.height), nn_window(shape.width), kernels.pointee.pool_plane)
    forEachPlane(shape, copies: x.dtype.isHalf || y.dtype.isHalf) { plane, work in
      let numbers = floats(of: source, shape.inputs(plane), in: work[0])
      store(shape.outputs(plane), of: result, from: work[1]) { sums in
        withUnsafePointers(height, width) { height, width in
          kernel(op.code, numbers, height, width, sums, positions.map { $0 + plane * shape.outputPlane })
        }
      }
    }
  }

  public func poolGradient(
    _ op: PoolingOp, _ dy: BufferSlice, indices: BufferSlice?, _ shape: PoolingShape, into dx: BufferSlice
  ) throws {
    if dy.dtype == .float64 { return try composed.poolGradient(op, dy, indices: indices, shape, into: dx) }
    if !dy.dtype.isHalf { try require(.poolGradient, for: dy.dtype) }
    let (gradient, result, allPositions) = (OperandMemory(dy), OperandMemory(dx), indices?.integers)
    let (height, width) = (nn_window(shape.height), nn_window(shape.width))
    guard op != .maximum || allPositions != nil else {
      fatalError("the gradient of a maximum needs the indices of the maxima")
    }
    let table = kernels
    let isLong = shape.height.windowsPerPosition * shape.width.windowsPerPosition > Self.plainWindows
    func compute(
      _ from: UnsafePointer<Float>, _ positions: UnsafePointer<Int32>?, into to: UnsafeMutablePointer<Float>
    ) {
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
    forEachPlane(shape, copies: dy.dtype.isHalf || dx.dtype.isHalf) { plane, work in
      let numbers = floats(of: gradient, shape.outputs(plane), in: work[1])
      store(shape.inputs(plane), of: result, from: work[0]) {
        compute(numbers, allPositions.map { UnsafePointer($0 + plane * shape.outputPlane) }, into: $0)
      }
    }
  }

  /// The maximum number of windows per input position whose gradients are added in float32.
  private static let plainWindows = 64

  /// Calls `body` with each plane, and with memory for two planes in float32 if they are copied.
  private func forEachPlane(_ shape: PoolingShape, copies: Bool, _ body: (Int, Workspace) -> Void) {
    let work = max(1, shape.inputPlane + shape.outputPlane * shape.window)
    parallel(shape.planes, grain: max(1, Grain.simple / work), unit: 1) { planes in
      withWorkspace(2, of: copies ? max(shape.inputPlane, shape.outputPlane) : 0) { memory in
        for plane in planes { body(plane, memory) }
      }
    }
  }
}

private func withUnsafePointers(
  _ height: nn_window, _ width: nn_window, _ body: (UnsafePointer<nn_window>, UnsafePointer<nn_window>) -> Void
) {
  withUnsafePointer(to: height) { height in withUnsafePointer(to: width) { width in body(height, width) } }
}

extension PoolingShape {
  /// The elements of a plane.
  fileprivate func inputs(_ plane: Int) -> Range<Int> { plane * inputPlane..<(plane + 1) * inputPlane }
  fileprivate func outputs(_ plane: Int) -> Range<Int> { plane * outputPlane..<(plane + 1) * outputPlane }
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
