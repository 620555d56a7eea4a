import HostSystem
import BackendCore

/// Reads the next batch on a separate thread while the caller processes the current one. The thread starts with the
/// second batch and ends when this object is released.
final class Prefetcher: BatchReader {
  private let dataset: any Dataset
  private let queue = PrefetchQueue()

  init(_ dataset: any Dataset) { self.dataset = dataset }

  deinit { queue.close() }

  func read(_ indices: [Int], then next: [Int]?) throws -> Batch {
    let result = queue.take(indices) ?? Result { try dataset.checkedBatch(at: indices) }
    if let next { queue.order(next, from: dataset) }
    return try result.get()
  }
}

/// The state shared by the two threads: at most one order and at most one result.
private final class PrefetchQueue: @unchecked Sendable {
  // The fields below are accessed only while `mutex` is locked.
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

  /// Returns a previously ordered batch, and waits for it if necessary; nil if no batch or a different one was ordered.
  func take(_ indices: [Int]) -> Result<Batch, any Error>? {
    locked {
      while ordered?.indices == indices || inWork == indices { pthread_cond_wait(changed, mutex) }
      guard let answer = ready, answer.indices == indices else { return nil }
      ready = nil
      return answer.batch
    }
  }

  /// Orders a batch. If there is no thread, the batch is read when it is taken.
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
    guard let thread = SystemThread({ self.work() }) else { return false }
    thread.detach()
    hasThread = true
    return true
  }

  /// The thread's loop: reads ordered batches until the queue is closed.
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
