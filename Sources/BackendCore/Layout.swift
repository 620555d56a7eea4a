/// The steps between neighbors along each axis, in elements. Steps can be negative or zero.
@frozen
public struct Strides: Sendable {
  @usableFromInline var steps: InlineArray<8, Int>

  /// Creates strides of zero: every index reads the same element.
  @inlinable public init() { steps = InlineArray(repeating: 0) }

  /// Creates strides from a collection, outermost axis first.
  @inlinable public init(_ steps: some Collection<Int>) {
    self.init()
    var axis = 0
    for step in steps {
      self.steps[axis] = step
      axis += 1
    }
  }

  /// Creates the row-major strides of a dense buffer of shape `shape`.
  @inlinable public init(dense shape: Shape) {
    self.init()
    var step = 1
    for axis in stride(from: shape.rank - 1, through: 0, by: -1) {
      steps[axis] = step
      step *= shape[axis]
    }
  }

  /// Creates the strides that read a dense buffer of shape `source` as if it had shape `target` (NumPy's broadcasting:
  /// axes are aligned at the end, and an extent of 1 repeats). The caller has checked that the shapes are compatible.
  @inlinable public init(broadcasting source: Shape, to target: Shape) {
    self.init()
    let missing = target.rank - source.rank
    var step = 1
    for axis in stride(from: source.rank - 1, through: 0, by: -1) {
      steps[axis + missing] = source[axis] == 1 ? 0 : step
      step *= source[axis]
    }
  }

  /// The stride of an axis; the first axis is 0.
  @inlinable public subscript(axis: Int) -> Int {
    get { steps[axis] }
    set { steps[axis] = newValue }
  }
}

/// How elements of a buffer are read: a shape and a stride for each axis. The offset of the first element is in the
/// accompanying `BufferSlice`.
@frozen
public struct Layout: Sendable {
  /// The extents.
  public var shape: Shape
  /// The stride of each axis, in elements.
  public var strides: Strides

  /// Creates a layout from a shape and its strides.
  @inlinable public init(shape: Shape, strides: Strides) {
    self.shape = shape
    self.strides = strides
  }

  /// Creates a row-major, contiguous layout.
  @inlinable public init(dense shape: Shape) { self.init(shape: shape, strides: Strides(dense: shape)) }

  /// Creates a layout of `count` contiguous elements.
  @inlinable public init(flat count: Int) {
    self.init(shape: Shape(rank: 1, repeating: count), strides: Strides())
    strides[0] = 1
  }

  /// Creates a layout that reads a dense buffer of shape `source` as `target` by broadcasting.
  @inlinable public init(broadcasting source: Shape, to target: Shape) {
    self.init(shape: target, strides: Strides(broadcasting: source, to: target))
  }

  /// Whether the elements are contiguous in row-major order.
  @inlinable public var isDense: Bool {
    var step = 1
    for axis in stride(from: shape.rank - 1, through: 0, by: -1) {
      if shape[axis] != 1 && strides[axis] != step { return false }
      step *= shape[axis]
    }
    return true
  }
}

/// A loop over several operands of the same shape, with neighboring axes merged where all operands allow it. The
/// elementwise and copy primitives of a backend iterate over it.
///
/// A dense operand together with a repeated row, `[32, 128] + [128]`, remains a loop over two axes. Two dense operands
/// of any rank become one axis.
@frozen
public struct StridedLoop<let operands: Int>: Sendable {
  /// The merged extents; rank 1 with extent 1 for scalars.
  public var shape: Shape
  /// The merged strides of each operand.
  public var strides: InlineArray<operands, Strides>

  @inlinable public init(shape: Shape, strides source: InlineArray<operands, Strides>) {
    var extents = InlineArray<8, Int>(repeating: 1)
    var merged = InlineArray<operands, Strides>(repeating: Strides())
    var rank = 0
    for axis in 0..<shape.rank where shape[axis] != 1 {
      var joins = rank > 0
      for operand in 0..<operands where joins {
        joins = merged[operand][rank - 1] == source[operand][axis] * shape[axis]
      }
      if joins {
        extents[rank - 1] *= shape[axis]
      } else {
        extents[rank] = shape[axis]
        rank += 1
      }
      for operand in 0..<operands { merged[operand][rank - 1] = source[operand][axis] }
    }
    var result = Shape(rank: Swift.max(rank, 1), repeating: 1)
    for axis in 0..<rank { result[axis] = extents[axis] }
    self.shape = result
    strides = merged
  }
}

/// The layouts of a `[rows, columns]` matrix, of a column with one value per row, and of a row with one value per
/// column.
struct RowTable {
  let rows, columns: Int

  /// For reducing each row to one value.
  var rowReduction: AxisShape { AxisShape(outer: rows, extent: columns, inner: 1) }
  /// For reducing each column to one value.
  var columnReduction: AxisShape { AxisShape(outer: 1, extent: rows, inner: columns) }
  var dense: Layout { Layout(dense: [rows, columns]) }
  /// `[rows]`, read as `[rows, columns]`.
  var oneForEachRow: Layout { Layout(shape: [rows, columns], strides: Strides([1, 0])) }
  /// `[columns]`, read as `[rows, columns]`.
  var oneForEachColumn: Layout { Layout(shape: [rows, columns], strides: Strides([0, 1])) }
}
