/// Performs calls with operands of float16 and bfloat16 on a backend that computes in float32: converts the operands to
/// float32, makes the call, and rounds each result once. Calls that only move or convert elements, and those that the
/// backend performs on halves itself (`Backend.computesHalves(_:_:)`), are passed on.
///
/// Operands of other types stay as they are, such as the labels of a loss or the float32 statistics of a normalization.
/// Results are rounded after the call: the states of a recurrent sequence, for example, pass from step to step as float32.
public final class HalfArithmetic: CallHandler, ForwardingBackend {
  public let base: any Backend

  /// Creates a backend that adds arithmetic in float16 and bfloat16 to another one.
  /// - Parameter base: The backend that stores float16 and bfloat16, and computes in float32.
  public init(_ base: any Backend) { self.base = base }

  public func perform(_ operation: BackendOperation, _ operands: [BufferSlice?]) throws {
    let hasHalves = operands.contains { $0?.dtype.isHalf ?? false }
    if !hasHalves || operation.isPassedOn || base.computesHalves(operation, operands) {
      return try operation.perform(on: base, operands)
    }
    var floats = operands
    var copies: [HalfCopy] = []
    for (index, operand) in operands.enumerated() {
      guard let operand, operand.dtype.isHalf else { continue }
      guard let elements = operation.elements(of: index) else {
        throw BackendError.unsupported(operation: operation.name, dtype: operand.dtype, device: identifier)
      }
      let copy = try HalfCopy(of: operand, elements, operation.access(of: index), on: base)
      floats[index] = copy.slice
      copies.append(copy)
    }
    try operation.perform(on: base, floats)
    for copy in copies { try copy.finish(on: base) }
  }
}

/// A float32 copy of the elements of an operand.
private struct HalfCopy {
  private let halves, floats: BufferSlice
  private let first: Int
  private let count: Int
  private let isResult: Bool

  /// Allocates a copy, and converts the elements if they are read.
  init(of operand: BufferSlice, _ elements: Range<Int>, _ access: OperandAccess, on backend: any Backend) throws {
    halves = operand.advanced(by: elements.lowerBound)
    floats = BufferSlice(try backend.allocate(count: elements.count, dtype: .float32))
    (first, count, isResult) = (elements.lowerBound, elements.count, access != .read)
    if access != .written && count > 0 { try backend.cast(halves, count: count, into: floats) }
  }

  /// The copy as an operand, whose first element may be inside it.
  var slice: BufferSlice { floats.advanced(by: -first) }

  /// Rounds results.
  func finish(on backend: any Backend) throws {
    if isResult && count > 0 { try backend.cast(floats, count: count, into: halves) }
  }
}

extension BackendOperation {
  /// Whether the operation moves or converts elements without computing with them, or has its own rules for element types.
  fileprivate var isPassedOn: Bool {
    switch self {
    case .upload, .copy, .fill, .select, .cast, .gatherRows, .gatherElements, .custom: true
    case .copyStrided(_, _, _, let accumulating): !accumulating
    default: false
    }
  }
}
