import Synchronization

/// The scopes of `valueAndGradient` that are currently open on any thread.
///
/// A tape records only on its own thread. Values that another thread computes at the same time from a tensor or
/// parameter that the tape tracks would have no gradient, so this use ends the program. Within `withoutGradient`, no
/// gradient is wanted, and the use is allowed.
enum OpenScopes {
  private struct Entry {
    let serial: UInt64
    let targets: [LeafKey: LeafTarget]
  }

  private static let entries = Mutex<[Entry]>([])
  /// The number of open scopes, readable without the lock.
  private static let count = Atomic<Int>(0)
  /// The numbers of open scopes by the low bits of their serial number, so that a single load identifies most tapes
  /// that have ended.
  private static let counts = InlineArray<64, Atomic<Int>> { _ in Atomic(0) }

  static func open(_ serial: UInt64, tracking targets: [LeafKey: LeafTarget]) {
    entries.withLock { $0.append(Entry(serial: serial, targets: targets)) }
    count.add(1, ordering: .relaxed)
    counts[Int(serial % 64)].add(1, ordering: .relaxed)
  }

  static func close(_ serial: UInt64) {
    count.subtract(1, ordering: .relaxed)
    counts[Int(serial % 64)].subtract(1, ordering: .relaxed)
    entries.withLock { entries in
      if let index = entries.lastIndex(where: { $0.serial == serial }) { entries.remove(at: index) }
    }
  }

  /// Ends the program if a tape of another thread tracks the tensor.
  @inline(never)
  static func checkUse(of node: TapeNode) {
    guard counts[Int(node.serial % 64)].load(ordering: .relaxed) > 0, mayBelongToOthers,
      !Tape.isOfThisThread(node.serial)
    else { return }
    if entries.withLock({ $0.contains { $0.serial == node.serial } }) { refuse("a tensor") }
  }

  /// Ends the program if the gradient of the parameter is being computed on another thread and not on this one.
  @inline(never)
  static func checkUse(of parameter: LeafKey) {
    guard mayBelongToOthers else { return }
    let isForeign = entries.withLock { entries in
      let owners = entries.filter { $0.targets[parameter] != nil }
      return !owners.isEmpty && !owners.contains { Tape.isOfThisThread($0.serial) }
    }
    if isForeign { refuse("a parameter") }
  }

  /// False if no other thread has a scope, or if gradients are not wanted.
  private static var mayBelongToOthers: Bool {
    count.load(ordering: .relaxed) > (Tape.current?.scopes.count ?? 0) && !Tape.isPausedOnThisThread
  }

  private static func refuse(_ what: String) -> Never {
    ProgrammerError.end(
      "valueAndGradient: \(what) whose gradient is being computed was used on another thread than that of the closure, "
        + "where nothing is recorded",
      hint: "compute on the thread of the closure, or use .detached() or withoutGradient where no gradient is wanted")
  }
}
