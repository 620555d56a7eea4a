#if OpenCL
internal import HostSystem

public import BackendCore

/// Convolution and its gradients: products whose right operand, the matrix of all windows, is never materialized.
extension OpenCLBackend {
  public func convolution(
    _ x: BufferSlice, _ w: BufferSlice, bias: BufferSlice?, _ shape: ConvolutionShape, activation: UnaryOp?,
    into y: BufferSlice, preActivation: BufferSlice?
  ) throws {
    try require(.convolution, for: x.dtype)
    if x.dtype == .float64 {
      return try composed.convolution(
        x, w, bias: bias, shape, activation: activation, into: y, preActivation: preActivation)
    }
    guard shape.outputCount > 0 else { return }
    var epilogue = EpilogueOperands(bias: bias)
    let code = activation.map { $0.kind.activation ?? 0 } ?? 0
    let isFused = activation == nil || (code > 0 && activation?.kind.isLongActivation == false)
    let z = isFused ? y : preActivation ?? y
    if isFused {
      (epilogue.activation, epilogue.parameter, epilogue.preActivation) = (
        code, Float(activation?.a ?? 0), preActivation
      )
    }
    try convolve(
      "Forward", w, x, shape, epilogue, rows: shape.outputChannels, columns: shape.batch * shape.outputPlane, into: z)
    if let activation, !isFused { try unary(activation, z, count: shape.outputCount, into: y) }
  }

  public func convolutionInputGradient(
    _ dy: BufferSlice, _ w: BufferSlice, _ shape: ConvolutionShape, into dx: BufferSlice
  ) throws {
    try require(.convolutionInputGradient, for: dy.dtype)
    if dy.dtype == .float64 { return try composed.convolutionInputGradient(dy, w, shape, into: dx) }
    guard shape.inputCount > 0 else { return }
    guard shape.outputCount > 0 else { return try fill(dx, count: shape.inputCount, with: 0) }
    try convolve(
      "Input", w, dy, shape, EpilogueOperands(), rows: shape.inputChannels, columns: shape.batch * shape.inputPlane,
      into: dx)
  }

  public func convolutionWeightGradient(
    _ x: BufferSlice, _ dy: BufferSlice, _ shape: ConvolutionShape, accumulating: Bool, into dw: BufferSlice
  ) throws {
    try require(.convolutionWeightGradient, for: x.dtype)
    if x.dtype == .float64 {
      return try composed.convolutionWeightGradient(x, dy, shape, accumulating: accumulating, into: dw)
    }
    let count = shape.weightCount
    guard count > 0 else { return }
    guard shape.outputCount > 0 else {
      if !accumulating { try fill(dw, count: count, with: 0) }
      return
    }
    let terms = shape.batch * shape.outputPlane
    let slice = weightSlice(shape, terms)
    let slices = terms.dividedRoundingUp(by: slice)
    let target = accumulating ? try temporary(count, .float32) : dw
    let partials = slices == 1 ? target : try temporary(slices * count, .float32)
    try convolve(
      "Weights", dy, x, shape, EpilogueOperands(slice: slice, slices: slices), rows: shape.outputChannels,
      columns: shape.depth, into: partials)
    if slices > 1 {
      try reduce(.sum, partials, AxisShape(outer: 1, extent: slices, inner: count), into: target)
    }
    if accumulating { try binary(.add, dw, Layout(flat: count), target, Layout(flat: count), into: dw) }
  }

  /// The number of positions whose products one work group adds: as many as possible while leaving enough groups for
  /// the device, depending only on the shape.
  private func weightSlice(_ shape: ConvolutionShape, _ terms: Int) -> Int {
    // Assumes tiles of one size, regardless of the actual ones.
    let (columns, rows) = (shape.depth, shape.outputChannels / shape.groups)
    let tiles =
      shape.groups
      * (options.runsLoops
        ? columns.dividedRoundingUp(by: KernelConstants.convolutionColumns)
        : columns.dividedRoundingUp(by: 64) * rows.dividedRoundingUp(by: 64))
    let cuts = max(1, min(256 / tiles, terms / 512))
    // A group adds in float32, and partial sums are added accurately: a group gets few terms, as long as the sums fit.
    let room = max(cuts, Self.partialSums / shape.weightCount)
    let careful = min(room, max(cuts, terms.dividedRoundingUp(by: Self.plainTerms)))
    return terms.dividedRoundingUp(by: careful).roundedUp(toMultipleOf: 256)
  }

  /// The number of terms that can be added in float32 without a significant loss of accuracy.
  private static let plainTerms = 1024
  /// The maximum number of partial sums: 64 MiB.
  private static let partialSums = 1 << 24

  /// The largest tile that is not mostly beyond the last row, and leaves enough work groups to fill a device.
  private func convolutionTile(rows: Int, columns: Int, parts: Int) -> MatmulTile {
    let wanted = 128
    let fitting = options.convolutionTiles.last { tile in
      tile.rows < 2 * rows
        && rows.dividedRoundingUp(by: tile.rows) * columns.dividedRoundingUp(by: tile.columns) * parts >= wanted
    }
    return fitting ?? options.convolutionTiles[0]
  }

  /// Enqueues a product with an operand that is read through windows.
  /// - Parameters:
  ///   - left: The operand read row by row.
  ///   - images: The operand read through windows.
  ///   - rows: The number of rows of the result, in all groups.
  private func convolve(
    _ name: String, _ left: BufferSlice, _ images: BufferSlice, _ shape: ConvolutionShape, _ epilogue: EpilogueOperands,
    rows: Int, columns: Int, into y: BufferSlice
  ) throws {
    let isWide = isWide(max(shape.inputCount, shape.outputCount, shape.weightCount * epilogue.slices))
    let parts = shape.groups * epilogue.slices
    var program = ProgramName(family: .convolution, isWide: isWide)
    var groups = WorkGroups(x: columns.dividedRoundingUp(by: KernelConstants.convolutionColumns), z: parts, items: 1)
    if !options.runsLoops {
      let tile = convolutionTile(rows: rows / shape.groups, columns: columns, parts: parts)
      program.matmul = .tiles(tile)
      groups = WorkGroups(
        x: columns.dividedRoundingUp(by: tile.columns), y: (rows / shape.groups).dividedRoundingUp(by: tile.rows),
        z: parts)
    }
    try launch(KernelName(program: program, stem: "convolve" + name), groups) { arguments in
      arguments.slice(left)
      arguments.slice(images)
      arguments.slice(epilogue.bias ?? y)
      arguments.slice(y)
      arguments.slice(epilogue.preActivation ?? y)
      if isWide {
        arguments.value(ConvolutionArgument<UInt64>(shape, epilogue))
      } else {
        arguments.value(ConvolutionArgument<UInt32>(shape, epilogue))
      }
    }
  }
}

extension MatmulTile {
  /// The tile sizes for convolutions, smallest first. `Convolution.cl` requires at least 4 columns per item.
  static let convolutions = [(2, 4), (4, 4), (2, 8), (4, 8), (8, 8)].map {
    MatmulTile(itemRows: $0, itemColumns: $1, depth: 8)
  }

  /// The tile sizes for a vendor's devices: Intel devices do not have enough registers for the largest one.
  static func convolutions(vendor: String) -> [MatmulTile] {
    vendor.lowercased().contains("intel") ? convolutions.dropLast() : convolutions
  }
}

/// Kernel arguments other than the shape.
private struct EpilogueOperands {
  var bias: BufferSlice?
  var preActivation: BufferSlice?
  var activation: Int32 = 0
  var parameter: Float = 0
  /// The number of terms that a work group adds, and the number of work groups that share them; all terms by default.
  var slice: Int?
  var slices = 1
}

/// `convolution_t` of `Convolution.cl`.
private struct ConvolutionArgument<Index: FixedWidthInteger & BitwiseCopyable>: BitwiseCopyable {
  let batch, groups, channels, outputs: Index
  let height, width: WindowArgument<Index>
  let slice: Index
  let hasBias, hasPreActivation, activation: Int32
  let parameter: Float

  init(_ shape: ConvolutionShape, _ epilogue: EpilogueOperands) {
    (batch, groups) = (Index(shape.batch), Index(shape.groups))
    (channels, outputs) = (Index(shape.inputChannels / shape.groups), Index(shape.outputChannels / shape.groups))
    (height, width) = (WindowArgument(shape.height), WindowArgument(shape.width))
    slice = epilogue.slice.map { Index($0) } ?? Index.max / 2
    hasBias = epilogue.bias == nil ? 0 : 1
    hasPreActivation = epilogue.preActivation == nil ? 0 : 1
    (activation, parameter) = (epilogue.activation, epilogue.parameter)
  }
}

/// `window_t` of `Convolution.cl` and `Pooling.cl`.
struct WindowArgument<Index: FixedWidthInteger & BitwiseCopyable>: BitwiseCopyable {
  let input, output, kernel, stride, dilation, padding: Index

  init(_ axis: WindowAxis) {
    (input, output, kernel) = (Index(axis.input), Index(axis.output), Index(axis.kernel))
    (stride, dilation, padding) = (Index(axis.stride), Index(axis.dilation), Index(axis.padding))
  }
}

extension KernelArguments {
  /// `window_t`.
  mutating func window(_ axis: WindowAxis, isWide: Bool) {
    if isWide { value(WindowArgument<UInt64>(axis)) } else { value(WindowArgument<UInt32>(axis)) }
  }
}
#endif
