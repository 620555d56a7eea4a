/// Default implementations of convolution: the windows of one image at a time become the columns of a matrix.
extension Backend {
  public func convolution(
    _ x: BufferSlice, _ w: BufferSlice, bias: BufferSlice?, _ shape: ConvolutionShape, activation: UnaryOp?,
    into y: BufferSlice, preActivation: BufferSlice?
  ) throws {
    try require(.convolution, for: x.dtype)
    guard shape.outputCount > 0 else { return }
    let z = preActivation ?? y
    let windows = Windows(shape)
    let columns = try temporary(shape.groups * shape.depth * shape.outputPlane, x.dtype)
    let product = MatmulShape(
      batch: shape.groups, m: shape.outputChannels / shape.groups, n: shape.outputPlane, k: shape.depth,
      strideA: shape.weightCount / shape.groups, strideB: shape.depth * shape.outputPlane)
    for image in 0..<shape.batch {
      try windows.unfold(x.advanced(by: image * windows.inputCount), filling: 0, into: columns, on: self)
      try matmul(
        w, columns, product, alpha: 1, beta: 0, into: z.advanced(by: image * shape.outputCount / shape.batch))
    }
    if let bias {
      let whole: Shape = [shape.batch, shape.outputChannels, shape.outputPlane]
      try binary(
        .add, z, Layout(dense: whole), bias, Layout(broadcasting: [shape.outputChannels, 1], to: whole), into: z)
    }
    if let activation {
      try unary(activation, z, count: shape.outputCount, into: y)
    } else if preActivation != nil {
      try copy(z, count: shape.outputCount, into: y)
    }
  }

  public func convolutionOutputGradient(
    _ dy: BufferSlice, saved: BufferSlice?, activation: UnaryOp?, batch: Int, channels: Int, plane: Int,
    dz: BufferSlice?, dBias: BufferSlice?
  ) throws {
    try require(.convolutionOutputGradient, for: dy.dtype)
    let count = batch * channels * plane
    var gradient = dy
    if let activation {
      gradient = try dz ?? temporary(count, dy.dtype)
      try unaryGradient(activation, dy, saved: saved ?? dy, count: count, into: gradient)
    }
    guard let dBias else { return }
    let sums = try temporary(batch * channels, dy.dtype)
    try reduce(.sum, gradient, AxisShape(outer: batch * channels, extent: plane, inner: 1), into: sums)
    try reduce(.sum, sums, AxisShape(outer: 1, extent: batch, inner: channels), into: dBias)
  }

  public func convolutionInputGradient(
    _ dy: BufferSlice, _ w: BufferSlice, _ shape: ConvolutionShape, into dx: BufferSlice
  ) throws {
    try require(.convolutionInputGradient, for: dy.dtype)
    try fill(dx, count: shape.inputCount, with: 0)
    guard shape.outputCount > 0, shape.inputCount > 0 else { return }
    let windows = Windows(shape)
    let columns = try temporary(shape.groups * shape.depth * shape.outputPlane, dy.dtype)
    let product = MatmulShape(
      batch: shape.groups, m: shape.depth, n: shape.outputPlane, k: shape.outputChannels / shape.groups,
      transposesA: true, strideA: shape.weightCount / shape.groups,
      strideB: shape.outputCount / shape.batch / shape.groups)
    for image in 0..<shape.batch {
      try matmul(
        w, dy.advanced(by: image * shape.outputCount / shape.batch), product, alpha: 1, beta: 0, into: columns)
      try windows.fold(columns, into: dx.advanced(by: image * windows.inputCount), on: self)
    }
  }

  public func convolutionWeightGradient(
    _ x: BufferSlice, _ dy: BufferSlice, _ shape: ConvolutionShape, accumulating: Bool, into dw: BufferSlice
  ) throws {
    try require(.convolutionWeightGradient, for: x.dtype)
    if !accumulating { try fill(dw, count: shape.weightCount, with: 0) }
    guard shape.outputCount > 0 else { return }
    let windows = Windows(shape)
    let columns = try temporary(shape.groups * shape.depth * shape.outputPlane, x.dtype)
    let product = MatmulShape(
      batch: shape.groups, m: shape.outputChannels / shape.groups, n: shape.depth, k: shape.outputPlane,
      transposesB: true, strideA: shape.outputCount / shape.batch / shape.groups,
      strideB: shape.depth * shape.outputPlane)
    for image in 0..<shape.batch {
      try windows.unfold(x.advanced(by: image * windows.inputCount), filling: 0, into: columns, on: self)
      try matmul(
        dy.advanced(by: image * shape.outputCount / shape.batch), columns, product, alpha: 1, beta: 1, into: dw)
    }
  }
}

/// Copies windows out of planes, and adds windows back into planes.
struct Windows {
  let planes: Int
  let height, width: WindowAxis

  init(planes: Int, height: WindowAxis, width: WindowAxis) {
    self.planes = planes
    self.height = height
    self.width = width
  }

  /// The windows of one image.
  init(_ shape: ConvolutionShape) {
    self.init(planes: shape.inputChannels, height: shape.height, width: shape.width)
  }

  init(_ shape: PoolingShape) { self.init(planes: shape.planes, height: shape.height, width: shape.width) }

  var inputCount: Int { planes * height.input * width.input }
  private var outputPlane: Int { height.output * width.output }
  private var windowCount: Int { height.kernel * width.kernel }
  private var reachCount: Int { planes * height.reach * width.reach }
  /// The part of the input that the windows cover, at its position inside the padding.
  private var seen: Shape {
    [
      planes, Swift.max(0, Swift.min(height.input, height.reach - height.padding)),
      Swift.max(0, Swift.min(width.input, width.reach - width.padding)),
    ]
  }
  private var firstSeen: Int { height.padding * width.reach + width.padding }
  private var inputStrides: Strides { Strides([height.input * width.input, width.input, 1]) }
  private var reachStrides: Strides { Strides([height.reach * width.reach, width.reach, 1]) }

  /// Returns x padded with `value`.
  private func padded(_ x: BufferSlice, with value: Double, on backend: any Backend) throws -> BufferSlice {
    let padded = try backend.temporary(reachCount, x.dtype)
    try backend.fill(padded, count: reachCount, with: value)
    if seen.count > 0 {
      try backend.copyStrided(
        x, inputStrides, shape: seen, into: padded.advanced(by: firstSeen), reachStrides, accumulating: false)
    }
    return padded
  }

  /// columns[plane, p, q, i, j] = element (p, q) of the window at (i, j).
  func unfold(
    _ x: BufferSlice, filling value: Double, into columns: BufferSlice, on backend: any Backend
  ) throws {
    let shape: Shape = [planes, height.kernel, width.kernel, height.output, width.output]
    guard shape.count > 0 else { return }
    let row = width.reach
    let strides = Strides([
      height.reach * row, height.dilation * row, width.dilation, height.stride * row, width.stride,
    ])
    try backend.copyStrided(
      padded(x, with: value, on: backend), strides, shape: shape, into: columns, Strides(dense: shape),
      accumulating: false)
  }

  /// Adds each element of each window to its position in x.
  func fold(_ columns: BufferSlice, into x: BufferSlice, on backend: any Backend) throws {
    let row = width.reach
    let sum = try backend.temporary(reachCount, columns.dtype)
    try backend.fill(sum, count: reachCount, with: 0)
    let shape: Shape = [planes, height.output, width.output]
    guard shape.count > 0 else { return }
    let from = Strides([windowCount * outputPlane, width.output, 1])
    let to = Strides([height.reach * row, height.stride * row, width.stride])
    // The positions of one window element are all different.
    for p in 0..<height.kernel {
      for q in 0..<width.kernel {
        try backend.copyStrided(
          columns.advanced(by: (p * width.kernel + q) * outputPlane), from, shape: shape,
          into: sum.advanced(by: p * height.dilation * row + q * width.dilation), to, accumulating: true)
      }
    }
    if seen.count > 0 {
      try backend.copyStrided(
        sum.advanced(by: firstSeen), reachStrides, shape: seen, into: x, inputStrides, accumulating: true)
    }
  }
}
