internal import HostSystem
import Synchronization

/// Scratch memory for the threads of one region. A chunk of work takes a slot while it runs, and a thread gets the slot
/// that it used last, which is still in its cache. There are as many slots as threads, so that one is always free.
final class ScratchSlots: Sendable {
  private let free: Mutex<[Int]>

  init(_ count: Int) { free = Mutex(Array((0..<count).reversed())) }

  func withSlot(_ body: (Int) -> Void) {
    let slot = free.withLock { $0.removeLast() }
    body(slot)
    free.withLock { $0.append(slot) }
  }
}

extension CPUBackend {
  /// Calls `body` for each of `0..<count`, on several threads if `operations` is large enough. Each call gets scratch
  /// memory for this many floats.
  func forEachUnit(
    _ count: Int, operations: Int, scratchCount: Int, _ body: (Int, UnsafeMutablePointer<Float>) -> Void
  ) throws {
    guard count > 0 else { return }
    let lanes = min(count, pieces(operations / 98304))
    let slotCount = min(lanes, pool.threadCount)
    // Slots start at different lines of a page and different sets of the cache.
    let slotSize = scratchCount.roundedUp(toMultipleOf: 16) + 80
    try withScratch(slotCount * slotSize, of: Float.self) { scratch in
      guard lanes > 1 else {
        for index in 0..<count { body(index, scratch) }
        return
      }
      let slots = ScratchSlots(slotCount)
      pool.run(lanes) { lane in
        slots.withSlot { slot in
          for index in lane * count / lanes..<(lane + 1) * count / lanes { body(index, scratch + slot * slotSize) }
        }
      }
    }
  }
}
