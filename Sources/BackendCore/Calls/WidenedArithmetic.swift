/// Performs calls with operands of float16 and bfloat16 on a backend that computes in float32, and calls with operands of
/// int8, uint8, and int16 on one that computes in int32: converts the operands to the wider type, makes the call, and
/// converts each result once. Floating-point results are rounded; those of integers keep their low bits, which is
/// arithmetic that wraps around at the width of the type. Calls that only move or convert elements, and those that the
/// backend performs on halves itself (`Backend.computesHalves(_:_:)`), are passed on.
///
/// Operands of other types stay as they are, such as the labels of a loss or the float32 statistics of a normalization.
/// Results are converted after the call: the states of a recurrent sequence, for example, pass from step to step as
/// float32. Scalars take the wider type.
public final class WidenedArithmetic: CallHandler, ForwardingBackend {
  public let base: any Backend

  /// Creates a backend that adds arithmetic in the shorter types to another one.
  /// - Parameter base: The backend that stores these types, and computes in float32 and int32.
  public init(_ base: any Backend) { self.base = base }

  public func perform(_ operation: BackendOperation, _ operands: [BufferSlice?]) throws {
    let isWidened = operands.contains { $0?.dtype.isWidened ?? false }
    if !isWidened || operation.isPassedOn || isComputedInHalves(operation, operands) {
      return try operation.perform(on: base, operands)
    }
    var widened = operands
    var copies: [WidenedCopy] = []
    for (index, operand) in operands.enumerated() {
      guard let operand, operand.dtype.isWidened else { continue }
      guard let elements = operation.elements(of: index) else {
        throw BackendError.unsupported(operation: operation.name, dtype: operand.dtype, device: identifier)
      }
      let copy = try WidenedCopy(of: operand, elements, operation.access(of: index), on: base)
      widened[index] = copy.slice
      copies.append(copy)
    }
    try operation.perform(on: base, widened)
    for copy in copies { try copy.finish(on: base) }
  }

  private func isComputedInHalves(_ operation: BackendOperation, _ operands: [BufferSlice?]) -> Bool {
    operands.contains { $0?.dtype.isHalf ?? false } && base.computesHalves(operation, operands)
  }
}

/// A copy of the elements of an operand in the wider type.
private struct WidenedCopy {
  private let short, wide: BufferSlice
  private let first: Int
  private let count: Int
  private let isResult: Bool

  /// Allocates a copy, and converts the elements if they are read.
  init(of operand: BufferSlice, _ elements: Range<Int>, _ access: OperandAccess, on backend: any Backend) throws {
    short = operand.advanced(by: elements.lowerBound)
    wide = BufferSlice(try backend.allocate(count: elements.count, dtype: operand.dtype.arithmeticType))
    (first, count, isResult) = (elements.lowerBound, elements.count, access != .read)
    if access != .written && count > 0 { try backend.cast(short, count: count, into: wide) }
  }

  /// The copy as an operand, whose first element may be inside it.
  var slice: BufferSlice { wide.advanced(by: -first) }

  /// Converts results.
  func finish(on backend: any Backend) throws {
    if isResult && count > 0 { try backend.cast(wide, count: count, into: short) }
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
