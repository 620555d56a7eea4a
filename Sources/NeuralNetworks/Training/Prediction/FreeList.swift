import HostSystem
import BackendCore
import Synchronization

/// Unused objects, available to any number of threads without a lock: a few slots that are emptied and filled by atomic
/// exchange.
final class FreeList<Element: AnyObject>: @unchecked Sendable {
  private static var slotCount: Int { 32 }
  /// The slots. Each one holds one reference, or nil.
  private let slots = InlineArray<32, Atomic<UnsafeMutableRawPointer?>> { _ in Atomic(nil) }

  deinit { while take() != nil {} }

  /// Removes an object from the list and returns it; nil if the list is empty.
  func take() -> Element? {
    let first = Self.firstSlot
    for step in 0..<Self.slotCount {
      let slot = (first + step) % Self.slotCount
      // Checking before the exchange leaves the cache line with its owner while a slot is empty.
      guard slots[slot].load(ordering: .relaxed) != nil else { continue }
      // Acquires the writes of the thread that put the object here.
      if let pointer = slots[slot].exchange(nil, ordering: .acquiring) {
        return Unmanaged<Element>.fromOpaque(pointer).takeRetainedValue()
      }
    }
    return nil
  }

  /// Keeps an object that is no longer used, or drops it if every slot is full.
  func put(_ element: Element) {
    let pointer = Unmanaged.passRetained(element).toOpaque()
    let first = Self.firstSlot
    for step in 0..<Self.slotCount {
      let slot = (first + step) % Self.slotCount
      let (exchanged, _) = slots[slot].compareExchange(expected: nil, desired: pointer, ordering: .releasing)
      if exchanged { return }
    }
    Unmanaged<Element>.fromOpaque(pointer).release()
  }

  /// The slot at which the calling thread starts its search, to spread threads over the slots.
  private static var firstSlot: Int {
    Int(truncatingIfNeeded: (SystemThread.currentNumber &* 0x9E37_79B9_7F4A_7C15) >> 59)
  }
}
