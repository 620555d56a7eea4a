import Synchronization

/// The scopes of `valueAndGradient` that are open on any thread.
///
/// A tape records on its own thread alone. What another thread computes meanwhile from a tensor or a parameter that the tape
/// follows would have no gradient: such a use ends the program. Inside of `withoutGradient` it is meant to have none.
enum OpenScopes {
  private struct Entry {
    let serial: UInt64
    let targets: [LeafKey: LeafTarget]
  }

  private static let entries = Mutex<[Entry]>([])
  /// Their number, looked at without the lock.
  private static let count = Atomic<Int>(0)
  /// Their numbers by the last bits of the serial number: most tapes that are over are told by a load.
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

  /// Ends the program for a tensor that a tape of another thread follows.
  @inline(never)
  static func checkUse(of node: TapeNode) {
    guard counts[Int(node.serial % 64)].load(ordering: .relaxed) > 0, mayBelongToOthers,
      !Tape.isOfThisThread(node.serial)
    else { return }
    if entries.withLock({ $0.contains { $0.serial == node.serial } }) { refuse("a tensor") }
  }

  /// Ends the program for a parameter whose gradient is being computed on another thread, and not on this one.
  @inline(never)
  static func checkUse(of parameter: LeafKey) {
    guard mayBelongToOthers else { return }
    let isForeign = entries.withLock { entries in
      let owners = entries.filter { $0.targets[parameter] != nil }
      return !owners.isEmpty && !owners.contains { Tape.isOfThisThread($0.serial) }
    }
    if isForeign { refuse("a parameter") }
  }

  /// False where no other thread has a scope, and where gradients are not wanted.
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
