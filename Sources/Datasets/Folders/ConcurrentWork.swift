import HostSystem
import Synchronization

/// Calls a closure with the numbers `0..<count` on several threads, in any order, and waits.
/// - Throws: The error of the smallest number whose call throws. It does not depend on the number of threads.
package func concurrently<E: Error>(
  _ count: Int, threads: Int, _ body: @escaping @Sendable (Int) throws(E) -> Void
) throws(E) {
  let progress = ConcurrentWork<E>()
  SystemThread.concurrently(min(threads, count)) { _ in
    while let place = progress.next(below: count) {
      do throws(E) { try body(place) } catch { progress.fail(at: place, error) }
    }
  }
  if let failure = progress.failure { throw failure }
}

/// The state of a call of `concurrently`.
private final class ConcurrentWork<E: Error>: Sendable {
  private let taken = Atomic(0)
  private let first = Mutex<(place: Int, error: E)?>(nil)

  /// Returns the next place to work on; nil at the end, and after a failure.
  func next(below count: Int) -> Int? {
    if failure != nil { return nil }
    let place = taken.wrappingAdd(1, ordering: .relaxed).oldValue
    return place < count ? place : nil
  }

  /// Notes an error. The error at the first place is kept: all earlier places have been taken, and are finished, so it
  /// does not depend on the threads.
  func fail(at place: Int, _ error: E) {
    first.withLock { if place < $0?.place ?? .max { $0 = (place, error) } }
  }

  var failure: E? { first.withLock { $0?.error } }
}

/// Returns the results of a closure for the numbers `0..<count`, which it is called with on several threads.
/// - Throws: The error of the smallest number whose call throws.
package func concurrentResults<T: Sendable, E: Error>(
  _ count: Int, threads: Int, _ body: @escaping @Sendable (Int) throws(E) -> T
) throws(E) -> [T] {
  let results = Mutex([T?](repeating: nil, count: count))
  try concurrently(count, threads: threads) { place throws(E) in
    let result = try body(place)
    results.withLock { $0[place] = result }
  }
  return results.withLock { $0.compactMap { $0 } }
}
