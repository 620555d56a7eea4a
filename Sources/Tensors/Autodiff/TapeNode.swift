import BackendCore

/// Where a tensor stands on a tape: the tape's serial number and the index of the record that made the tensor. A node of a
/// tape that is over, or of another thread's, counts as constant.
package struct TapeNode: Sendable, Equatable {
  /// 36 bits of serial number above 28 bits of index; 0 for constants.
  package let rawValue: UInt64

  static let indexBits: UInt64 = 28
  /// No gradient flows through a tensor with this node.
  package static let constant = TapeNode(rawValue: 0)

  @inline(__always) init(rawValue: UInt64) { self.rawValue = rawValue }

  @inline(__always) init(serial: UInt64, index: Int) {
    rawValue = serial << TapeNode.indexBits | UInt64(truncatingIfNeeded: index)
  }

  @inline(__always) var serial: UInt64 { rawValue >> TapeNode.indexBits }
  @inline(__always) var index: Int { Int(truncatingIfNeeded: rawValue & (1 << TapeNode.indexBits - 1)) }
}

/// What a record keeps of an operand: its node and shape, and its elements where the rule needs them.
struct Operand {
  var node: TapeNode
  var offset: Int
  var extents: Shape
  /// Nil when only the shape is kept.
  var storage: Storage?

  /// The shape of an operand, without its elements.
  @inline(__always) init(_ x: Tensor) {
    node = x.node
    offset = 0
    extents = x.extents
    storage = nil
  }

  /// The operand with its elements if `keeps`.
  @inline(__always) init(_ x: Tensor, keeping keeps: Bool) {
    node = x.node
    offset = x.offset
    extents = x.extents
    storage = keeps ? x.storage : nil
  }

  /// The operand as it was, on the tape where it was on it.
  @inline(__always) var tensor: Tensor {
    guard let storage else { fatalError("a gradient rule reads an operand that its record did not keep") }
    return Tensor(storage, offset: offset, extents: extents, node: node)
  }
}
