/// Threads that share out the chunks of one region of work at a time.
///
/// Chunks are claimed, not assigned: the caller takes part and finishes what no worker has started, so that a worker which
/// the system has put aside delays nothing. Workers spin for a while after a region and then sleep. A region that is
/// entered from inside another one, or while another thread's region runs, is done by its caller alone. A process that is
/// forked off between regions starts threads of its own.
final class ThreadPool: Sendable {
  /// The threads that work on a region, the caller included.
  let threadCount: Int
  private let crew: Crew

  init(threadCount: Int) {
    self.threadCount = max(1, threadCount)
    crew = Crew(workerCount: max(1, threadCount) - 1)
  }

  deinit { crew.dismiss() }

  /// Calls `body` once for each of `0..<chunks`, on any thread and in any order, and returns when all are done.
  func run(_ chunks: Int, _ body: (Int) -> Void) {
    guard chunks > 1, threadCount > 1, chunks <= Crew.mostChunks, crew.enter() else {
      for chunk in 0..<max(chunks, 0) { body(chunk) }
      return
    }
    withoutActuallyEscaping(body) { body in
      withUnsafePointer(to: body) { crew.perform(chunks, $0) }
    }
    crew.leave()
  }
}

extension CPUBackend {
  /// Shares out chunks as operations do: for measurements of what that costs.
  package func share(_ chunks: Int, _ body: (Int) -> Void) { pool.run(chunks, body) }
}
