/// A thread pool whose threads share the chunks of one region of work at a time.
///
/// Chunks are claimed, not assigned: the caller participates and finishes chunks that no worker has started, so a
/// worker preempted by the system delays nothing. Workers spin for a while after a region and then sleep. A region
/// entered from inside another one, or while another thread's region runs, is executed by its caller alone. A process
/// forked between regions starts its own threads.
final class ThreadPool: Sendable {
  /// The number of threads for a region, including the caller.
  let threadCount: Int
  private let pool: WorkerPool

  init(threadCount: Int) {
    self.threadCount = max(1, threadCount)
    pool = WorkerPool(workerCount: max(1, threadCount) - 1)
  }

  deinit { pool.dismiss() }

  /// Calls `body` once for each of `0..<chunks`, on any thread and in any order, and returns when all are done.
  func run(_ chunks: Int, _ body: (Int) -> Void) {
    guard chunks > 1, threadCount > 1, chunks <= WorkerPool.mostChunks, pool.enter() else {
      for chunk in 0..<max(chunks, 0) { body(chunk) }
      return
    }
    withoutActuallyEscaping(body) { body in
      withUnsafePointer(to: body) { pool.perform(chunks, $0) }
    }
    pool.leave()
  }
}

extension CPUBackend {
  /// Shares chunks in the same way as operations, to measure the overhead.
  package func share(_ chunks: Int, _ body: (Int) -> Void) { pool.run(chunks, body) }
}
