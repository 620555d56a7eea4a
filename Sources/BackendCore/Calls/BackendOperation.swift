/// A computing call of `Backend` without its operands: the method and its settings.
///
/// With its operands, an operation is a value (`BackendCall`) that can be stored, counted, printed, and performed again.
/// Eager code does not create such values; it calls the methods of `Backend` directly. Only what takes the place of a
/// backend does: recorders, observers, the backend that infers shapes, and test doubles (see `CallHandler` and `ForwardingBackend`).
///
/// The cases and their settings are named after the methods of `Backend`, which state the formulas and shapes. The operands
/// are numbered in the order given by `perform(on:_:)`. Optional ones can be nil.
public enum BackendOperation: Sendable {
  // Cases with layouts are indirect, because a layout has 136 bytes and would make every value that large.
  case upload(bytes: [UInt8])
  case copy(count: Int)
  case fill(value: Double, count: Int)

  case unary(UnaryOp, count: Int)
  case unaryGradient(UnaryOp, count: Int)
  indirect case binary(BinaryOp, a: Layout, b: Layout)
  case binaryScalar(BinaryOp, scalar: Double, scalarFirst: Bool, count: Int)
  indirect case compare(ComparisonOp, a: Layout, b: Layout)
  case compareScalar(ComparisonOp, scalar: Double, count: Int)
  indirect case select(condition: Layout, a: Layout, b: Layout)
  case cast(count: Int)
  case range(start: Double, step: Double, count: Int)
  indirect case copyStrided(x: Strides, shape: Shape, y: Strides, accumulating: Bool)

  case reduce(ReductionOp, AxisShape)
  case argReduce(ArgReductionOp, AxisShape)
  case scan(ScanOp, AxisShape, reversed: Bool)
  case sort(rows: Int, columns: Int, descending: Bool)
  case matmul(MatmulShape, alpha: Double, beta: Double)
  case gatherRows(AxisShape, indexCount: Int)
  case scatterRows(ScatterOp, AxisShape, indexCount: Int)
  case gatherElements(AxisShape, indexExtent: Int)
  case scatterElements(ScatterOp, AxisShape, indexExtent: Int)
  /// `source` without its step offset, which is an operand.
  case random(RandomDistribution, source: RandomSource, count: Int)

  case linear(rows: Int, inputs: Int, units: Int, activation: UnaryOp?)
  case linearGradient(rows: Int, units: Int, activation: UnaryOp?)
  case convolution(ConvolutionShape, activation: UnaryOp?)
  case convolutionOutputGradient(batch: Int, channels: Int, plane: Int, activation: UnaryOp?)
  case convolutionInputGradient(ConvolutionShape)
  case convolutionWeightGradient(ConvolutionShape, accumulating: Bool)
  case pool(PoolingOp, PoolingShape)
  case poolGradient(PoolingOp, PoolingShape)
  case recurrence(RecurrenceShape)
  case recurrenceGradient(RecurrenceShape, reachesInitialState: Bool)
  case recurrentCell(RecurrentCell, batch: Int, units: Int)
  case recurrentCellGradient(RecurrentCell, batch: Int, units: Int)
  case softmax(rows: Int, columns: Int, logarithmic: Bool)
  case softmaxGradient(rows: Int, columns: Int, logarithmic: Bool)
  case normalize(NormalizationShape)
  case normalizeGradient(NormalizationShape)
  case softmaxCrossEntropy(rows: Int, columns: Int, smoothing: Double, ignoredLabel: Int32?, gradientScale: Double)
  /// `source` without its step offset, which is an operand.
  case dropout(probability: Double, source: RandomSource, count: Int)
  case optimizerStep(OptimizerStep, count: Int)
  case norm(count: Int, accumulating: Bool)
  case clipFactor(maximumNorm: Double)

  /// An operation that is not part of `Backend`, such as a kernel of the user.
  case custom(CustomOperation)
}

/// An operation that only one kind of backend has.
public struct CustomOperation: Sendable {
  /// The name for messages.
  public let name: String
  /// Performs the operation on a backend of that kind. Each operand may be read and written.
  public let body: @Sendable (_ backend: any Backend, _ operands: [BufferSlice]) throws -> Void

  /// Creates an operation from its name and the call that performs it.
  public init(
    _ name: String, _ body: @escaping @Sendable (_ backend: any Backend, _ operands: [BufferSlice]) throws -> Void
  ) {
    self.name = name
    self.body = body
  }
}

/// The use of an operand by a call.
public enum OperandAccess: Sendable {
  /// The operand is read.
  case read
  /// The elements that the call covers are written, and their earlier content is not read.
  case written
  /// The operand is read and written, or only part of it is written.
  case updated
}

extension BackendOperation {
  /// Returns the use of an operand.
  /// - Parameter index: The number of the operand.
  public func access(of index: Int) -> OperandAccess {
    let pattern = accesses.utf8
    return switch pattern[pattern.index(pattern.startIndex, offsetBy: min(index, pattern.count - 1))] {
    case UInt8(ascii: "r"): .read
    case UInt8(ascii: "w"): .written
    default: .updated
    }
  }

  /// The use of each operand: r for read, w for written, u for updated. The last letter applies to all further ones.
  private var accesses: String {
    switch self {
    case .upload, .fill, .range: "w"
    case .copy, .unary, .binaryScalar, .compareScalar, .cast, .reduce, .argReduce, .scan, .softmax,
      .clipFactor:
      "rw"
    case .unaryGradient, .binary, .compare, .gatherRows, .gatherElements, .convolutionInputGradient, .poolGradient,
      .softmaxGradient:
      "rrw"
    case .select: "rrrw"
    case .copyStrided, .norm(_, accumulating: true): "ru"
    case .norm: "rw"
    case .sort, .pool: "rww"
    case .matmul(_, _, let beta): beta == 0 ? "rrw" : "rru"
    case .scatterRows, .scatterElements, .convolutionWeightGradient(_, accumulating: true): "rru"
    case .convolutionWeightGradient: "rrw"
    case .random: "wr"
    case .dropout: "rwr"
    case .linear, .convolution, .normalize: "rrrww"
    case .linearGradient, .convolutionOutputGradient, .softmaxCrossEntropy: "rrww"
    case .normalizeGradient: "rrrrwww"
    case .recurrence: "rrrrruwww"
    case .recurrenceGradient: "rrrrrrrrrruuww"
    case .recurrentCell: "uurrrrww"
    case .recurrentCellGradient: "rrrrrrrrruuww"
    case .optimizerStep: "urru"
    case .custom: "u"
    }
  }

  /// The name of the operation in messages and listings: "matmul", "gradient of tanh", "divide".
  public var name: String {
    switch self {
    case .unary(let op, _): "\(op.kind)"
    case .unaryGradient(let op, _): "gradient of \(op.kind)"
    case .binary(let op, _, _): "\(op)"
    case .binaryScalar(let op, _, _, _): "\(op)"
    case .reduce(let op, _): "\(op)"
    case .upload: "upload"
    case .custom(let operation): operation.name
    default: String("\(self)".prefix { $0 != "(" })
    }
  }
}
