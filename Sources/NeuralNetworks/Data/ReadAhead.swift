#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Reads the next batch on a thread of its own while the caller works on this one. The thread starts with the second batch
/// and ends when this object goes.
final class ReadAhead: BatchReader {
  private let dataset: any Dataset
  private let desk = Desk()

  init(_ dataset: any Dataset) { self.dataset = dataset }

  deinit { desk.close() }

  func read(_ indices: [Int], then next: [Int]?) throws -> Batch {
    let result = desk.take(indices) ?? Result { try dataset.checkedBatch(at: indices) }
    if let next { desk.order(next, from: dataset) }
    return try result.get()
  }
}

/// What the two threads share: at most one order, and at most one answer.
private final class Desk: @unchecked Sendable {
  // The fields below are touched under `mutex` only.
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var ordered: (indices: [Int], dataset: any Dataset)?
  private var inWork: [Int]?
  private var ready: (indices: [Int], batch: Result<Batch, any Error>)?
  private var hasThread = false
  private var isClosed = false

  init() {
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(changed, nil)
  }

  deinit {
    pthread_cond_destroy(changed)
    pthread_mutex_destroy(mutex)
    changed.deallocate()
    mutex.deallocate()
  }

  /// The batch that was ordered before, waiting for it if need be; nil when another or none was ordered.
  func take(_ indices: [Int]) -> Result<Batch, any Error>? {
    locked {
      while ordered?.indices == indices || inWork == indices { pthread_cond_wait(changed, mutex) }
      guard let answer = ready, answer.indices == indices else { return nil }
      ready = nil
      return answer.batch
    }
  }

  /// Asks for a batch; without a thread it will be read when it is taken.
  func order(_ indices: [Int], from dataset: any Dataset) {
    locked {
      guard !isClosed, startThread() else { return }
      ordered = (indices, dataset)
      pthread_cond_broadcast(changed)
    }
  }

  func close() {
    locked {
      isClosed = true
      ordered = nil
      pthread_cond_broadcast(changed)
    }
  }

  private func locked<R>(_ body: () -> R) -> R {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return body()
  }

  private func startThread() -> Bool {
    if hasThread { return true }
    let desk = Unmanaged.passRetained(self)
    var thread = pthread_t()
    let status = pthread_create(
      &thread, nil,
      { argument in
        Unmanaged<Desk>.fromOpaque(argument!).takeRetainedValue().work()
        return nil
      }, desk.toOpaque())
    guard status == 0 else {
      desk.release()
      return false
    }
    pthread_detach(thread)
    hasThread = true
    return true
  }

  /// What the thread does: reads what is ordered until the desk is closed.
  private func work() {
    while let (indices, dataset) = nextOrder() {
      let batch = Result { try dataset.checkedBatch(at: indices) }
      locked {
        inWork = nil
        ready = (indices, batch)
        pthread_cond_broadcast(changed)
      }
    }
  }

  private func nextOrder() -> (indices: [Int], dataset: any Dataset)? {
    locked {
      while ordered == nil && !isClosed { pthread_cond_wait(changed, mutex) }
      let order = ordered
      ordered = nil
      inWork = order?.indices
      return order
    }
  }
}
