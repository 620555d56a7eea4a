import BackendCore

/// The position of a tensor on a tape: the tape's serial number and the index of the record that produced the tensor. A
/// node of a tape that has ended, or of another thread's tape, counts as constant.
package struct TapeNode: Sendable, Equatable {
  /// 36 bits of serial number above 28 bits of index; 0 for constants.
  package let rawValue: UInt64

  static let indexBits: UInt64 = 28
  /// The node of a tensor through which no gradient flows.
  package static let constant = TapeNode(rawValue: 0)

  @inline(__always) init(rawValue: UInt64) { self.rawValue = rawValue }

  @inline(__always) init(serial: UInt64, index: Int) {
    rawValue = serial << TapeNode.indexBits | UInt64(truncatingIfNeeded: index)
  }

  @inline(__always) var serial: UInt64 { rawValue >> TapeNode.indexBits }
  @inline(__always) var index: Int { Int(truncatingIfNeeded: rawValue & (1 << TapeNode.indexBits - 1)) }
}

/// The information that a record keeps about an operand: its node and shape, and its elements if the rule needs them.
struct Operand {
  var node: TapeNode
  var offset: Int
  var extents: Shape
  /// Nil if only the shape is kept.
  var storage: Storage?

  /// Keeps the shape of an operand without its elements.
  @inline(__always) init(_ x: Tensor) {
    node = x.node
    offset = 0
    extents = x.extents
    storage = nil
  }

  /// Keeps the shape of an operand and, if `keeps`, its elements.
  @inline(__always) init(_ x: Tensor, keeping keeps: Bool) {
    node = x.node
    offset = x.offset
    extents = x.extents
    storage = keeps ? x.storage : nil
  }

  /// The original operand, with its node on the tape.
  @inline(__always) var tensor: Tensor {
    guard let storage else { fatalError("a gradient rule reads an operand that its record did not keep") }
    return Tensor(storage, offset: offset, extents: extents, node: node)
  }
}
