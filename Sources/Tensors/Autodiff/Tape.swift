import HostSystem
import BackendCore
import Synchronization

/// The record of a computation, used to compute its gradient: a flat array in the order of execution. (Freeing a long
/// chain of linked nodes would overflow the stack.)
///
/// Each operation on a tensor that is on the tape appends one record: the nodes of its operands, and the values that its
/// derivative needs. A node is the index of a record. For y = Σ tanh(2·w), where w is tracked:
///
/// ```
///             forward, appends  ─────────────────────────────────▶
///  index         0              1                2            3
///  record     leaf w    scaling by 2, of 0   tanh, of 1   sum, of 2
///  keeps                        2            h = tanh 2w   its shape
///  gradient  d0 = 2·d1   d1 = d2·(1 − h²)     d2 = d3       d3 = 1
///             ◀────────────────────────────  backward, from the result
/// ```
///
/// The operands of a record have smaller indices, so one pass from the last record to the first sees each record after
/// everything that uses its result, and its gradient is then complete. The pass takes a record out when it has passed
/// the gradient on, so kept values are freed as early as possible. (A nested scope, whose own pass is recorded for a
/// second derivative, leaves them in place.)
///
/// A tape lives on the stack frame of the outermost `valueAndGradient` of a thread. Nested calls share it, each as a
/// separate scope. A call within `withoutGradient` starts a separate tape instead, so tensors of the outer one are
/// constants.
final class Tape {
  /// The identity of the tape; never 0.
  let serial: UInt64
  var records: ContiguousArray<Record>
  /// Storage for the gradients of one backward pass; empty while a pass is using it.
  var gradients: ContiguousArray<Tensor?>
  var scopes: [GradientScope] = []
  /// The number of open `withoutGradient` calls.
  var pauses = 0
  /// The tape that was current when this one started.
  private let outer: Tape?

  private static let lastSerial = Atomic<UInt64>(0)

  private init(outer: Tape?) {
    var serial: UInt64 = 0
    while serial == 0 {
      serial = Tape.lastSerial.wrappingAdd(1, ordering: .relaxed).newValue & (1 << (64 - TapeNode.indexBits) - 1)
    }
    self.serial = serial
    self.outer = outer
    (records, gradients) = TapeMemory.take()
  }

  deinit { TapeMemory.keep(records: &records, gradients: &gradients) }

  // MARK: The tape of this thread

  private static let innermost = ThreadLocal<Tape>()

  /// The innermost tape of this thread, whether paused or not.
  static var current: Tape? {
    @inline(__always) get { innermost.value }
    set { innermost.value = newValue }
  }

  /// Returns the tape that an operation on this operand is recorded on; nil if the operand is constant.
  @inline(__always)
  static func recording(_ a: TapeNode) -> Tape? { a.rawValue == 0 ? nil : owner(a, a, a) }

  /// Returns the tape for an operation on two operands.
  @inline(__always)
  static func recording(_ a: TapeNode, _ b: TapeNode) -> Tape? {
    a.rawValue | b.rawValue == 0 ? nil : owner(a, b, b)
  }

  /// Returns the tape for an operation on three operands.
  @inline(__always)
  static func recording(_ a: TapeNode, _ b: TapeNode, _ c: TapeNode) -> Tape? {
    a.rawValue | b.rawValue | c.rawValue == 0 ? nil : owner(a, b, c)
  }

  /// Returns the tape for an operation on any number of operands.
  static func recording(all nodes: some Sequence<TapeNode>) -> Tape? {
    nodes.reduce(nil) { tape, node in recording(node) ?? tape }
  }

  @inline(never)
  private static func owner(_ a: TapeNode, _ b: TapeNode, _ c: TapeNode) -> Tape? {
    let tape = current
    if let tape, tape.pauses > 0 { return nil }
    let isOnTape = isRecorded(a, on: tape)
    let isOtherOnTape = isRecorded(b, on: tape)
    return isRecorded(c, on: tape) || isOtherOnTape || isOnTape ? tape : nil
  }

  /// Returns whether the node is on the tape of this thread. Ends the program if it is on a tape of another thread.
  @inline(__always)
  private static func isRecorded(_ node: TapeNode, on tape: Tape?) -> Bool {
    if node == .constant { return false }
    if let tape, tape.owns(node) { return true }
    OpenScopes.checkUse(of: node)
    return false
  }

  /// Returns whether the node is on this tape.
  @inline(__always)
  func owns(_ node: TapeNode) -> Bool { node.serial == serial }

  /// Appends the record of an operation, and returns the node of its result.
  @inline(__always)
  func append(_ record: consuming Record) -> TapeNode {
    let index = records.count
    records.append(record)
    return TapeNode(serial: serial, index: index)
  }

  /// The node of the next record.
  @inline(__always)
  var nextNode: TapeNode { TapeNode(serial: serial, index: records.count) }

  /// True if nested scopes are open. Their backward passes are recorded, so operations are recorded in differentiable
  /// forms.
  var isNested: Bool { scopes.count > 1 }

  // MARK: Threads without a tape

  private static let pausesOfThread = ThreadCount()

  /// The number of `withoutGradient` calls that started on this thread while it had no tape.
  static var pausesWithoutTape: Int {
    get { pausesOfThread.value }
    set { pausesOfThread.value = newValue }
  }

  /// True within `withoutGradient`, even if a tape has started inside it.
  static var isPausedOnThisThread: Bool {
    if pausesWithoutTape > 0 { return true }
    var tape = current
    while let candidate = tape, candidate.pauses == 0 { tape = candidate.outer }
    return tape != nil
  }

  // MARK: Scopes

  /// Returns whether the tape with this serial number is open on this thread.
  static func isOfThisThread(_ serial: UInt64) -> Bool {
    var tape = current
    while let candidate = tape, candidate.serial != serial { tape = candidate.outer }
    return tape != nil
  }

  /// Opens a scope on the current tape, or on a new tape if there is none or it is paused. The caller keeps the tape
  /// alive until it closes the scope.
  static func openScope(tracking targets: [LeafKey: LeafTarget] = [:]) -> Tape {
    let tape: Tape
    if let current, current.pauses == 0 {
      tape = current
    } else {
      tape = Tape(outer: current)
      current = tape
    }
    tape.scopes.append(GradientScope(first: tape.records.count, depth: tape.scopes.count + 1, targets: targets))
    OpenScopes.open(tape.serial, tracking: targets)
    return tape
  }

  /// Closes the innermost scope. Closing the outermost scope ends the tape, and its nodes then count as constants.
  func closeScope() -> GradientScope {
    let scope = scopes.removeLast()
    OpenScopes.close(serial)
    if scopes.isEmpty { Tape.current = outer }
    return scope
  }

  /// Returns the tensor as a variable of the innermost scope: an identity record whose parent is the tensor's node on
  /// the tape.
  func leaf(_ x: Tensor) -> Tensor {
    if x.node != .constant && !owns(x.node) { OpenScopes.checkUse(of: x.node) }
    var leaf = x
    leaf.node = append(.leaf(LeafRecord(parent: Operand(x), depth: scopes.count)))
    return leaf
  }
}

/// The arrays of a thread's last tape, kept for the next one, so that training allocates them only once.
private final class TapeMemory {
  /// The memory of longer tapes is released.
  private static let mostRecords = 4096

  private var records = ContiguousArray<Record>()
  private var gradients = ContiguousArray<Tensor?>()

  /// The memory of a thread.
  private static let ofThread = ThreadObject { TapeMemory() }

  /// Returns empty arrays, with the capacity left by an earlier tape if there is one.
  static func take() -> (ContiguousArray<Record>, ContiguousArray<Tensor?>) {
    let memory = ofThread.value
    var (records, gradients) = (ContiguousArray<Record>(), ContiguousArray<Tensor?>())
    swap(&records, &memory.records)
    swap(&gradients, &memory.gradients)
    return (records, gradients)
  }

  /// Frees the content of the arrays and keeps their memory.
  static func keep(records: inout ContiguousArray<Record>, gradients: inout ContiguousArray<Tensor?>) {
    guard records.capacity <= mostRecords, gradients.capacity <= mostRecords else { return }
    records.removeAll(keepingCapacity: true)
    gradients.removeAll(keepingCapacity: true)
    let memory = ofThread.value
    swap(&records, &memory.records)
    swap(&gradients, &memory.gradients)
  }
}

/// One call of `valueAndGradient` in progress.
struct GradientScope {
  /// The index of its first record.
  let first: Int
  /// 1 for the outermost scope of a tape.
  let depth: Int
  /// The parameters whose gradients are requested, and the destinations of these gradients.
  let targets: [LeafKey: LeafTarget]
  /// The nodes of those parameters that have been used.
  var leaves: [LeafKey: TapeNode] = [:]
}

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
