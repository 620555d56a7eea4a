/// Performs calls with operands of float16 and bfloat16 on a backend that computes in float32: converts the operands,
/// makes the call in float32, and rounds each result once. Calls that only move or convert elements, and those that the
/// backend performs on halves itself (`Backend.computesHalves(_:_:)`), are passed on.
///
/// An operand of another type stays as it is: the labels of a loss, or the float32 statistics of a normalization.
public final class HalfArithmetic: CallHandler, ForwardingBackend {
  public let base: any Backend

  /// Creates a backend that adds arithmetic in float16 and bfloat16 to another one.
  public init(_ base: any Backend) { self.base = base }

  public func perform(_ operation: BackendOperation, _ operands: [BufferSlice?]) throws {
    if operation.movesElements || base.computesHalves(operation, operands) {
      return try operation.perform(on: base, operands)
    }
    var floats = operands
    for case (let index, let operand?) in operands.enumerated() where operand.dtype.isHalf {
      let count = operation.elementCount(of: index, operand)
      let copy = BufferSlice(try base.allocate(count: count, dtype: .float32))
      if operation.access(of: index) != .written { try base.cast(operand, count: count, into: copy) }
      floats[index] = copy
    }
    try operation.perform(on: base, floats)
    for case (let index, let operand?) in operands.enumerated() where operand.dtype.isHalf {
      guard operation.access(of: index) != .read, let result = floats[index] else { continue }
      try base.cast(result, count: result.buffer.count, into: operand)
    }
  }
}

extension BackendOperation {
  /// Whether the operation moves or converts elements and computes nothing with them.
  var movesElements: Bool {
    switch self {
    case .upload, .copy, .fill, .select, .cast, .gatherRows, .gatherElements: true
    case .copyStrided(_, _, _, let accumulating): !accumulating
    default: false
    }
  }

  /// The number of elements from the start of an operand that the operation may use.
  fileprivate func elementCount(of index: Int, _ operand: BufferSlice) -> Int { operand.buffer.count - operand.offset }
}
