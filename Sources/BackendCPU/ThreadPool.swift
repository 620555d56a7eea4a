internal import HostSystem
import BackendCore
import CPUKernels
import Synchronization

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

/// The shared state of a pool's threads: the current region of work, and the sleeping threads.
///
/// Memory ordering:
/// - `isBusy` is a lock that is only tried, never waited for. Its holder owns a region and all state marked as guarded.
/// - `ticket` hands out chunks. The owner writes `body` and then the ticket. A worker that has claimed a chunk has read
///   that ticket, so it sees the body. The owner stays until all chunks are finished, so the body remains valid.
/// - `finished` counts the chunks that workers have completed, in all regions. When the owner reads the expected count,
///   it sees everything that they wrote.
final class WorkerPool: @unchecked Sendable {
  typealias Body = (Int) -> Void
  static let mostChunks = 0xFFFF
  /// Workers wait by spinning, then by yielding, then by sleeping.
  private static let spinNanoseconds: UInt64 = 60_000
  private static let yieldNanoseconds: UInt64 = 2_000_000

  // Fields written by different threads or at different times are two cache lines apart, because processors prefetch
  // pairs of lines.
  private let padding0 = InlineArray<16, Int>(repeating: 0)
  /// Generation (32 bits), chunks (16), next chunk (16) in one word, so that a late claim can only fail.
  private let ticket = Atomic<UInt64>(0)
  /// Guarded by `isBusy`. Workers read it after a claim, from the cache line that contains the ticket.
  private var body: UnsafePointer<Body>?
  private let padding1 = InlineArray<16, Int>(repeating: 0)
  private let finished = Atomic<Int>(0)
  private let padding2 = InlineArray<16, Int>(repeating: 0)
  private let isBusy = Atomic<Bool>(false)
  /// The fork count of the process that owns the threads, or `renewing`.
  private let process: Atomic<Int>
  /// The value of `finished` after the last region. Guarded by `isBusy`, like the next two.
  private var finishedBefore = 0
  private var hasStarted = false
  private var threads: [SystemThread] = []
  private let padding3 = InlineArray<16, Int>(repeating: 0)
  private let sleepers = Atomic<Int>(0)
  private let isDismissed = Atomic<Bool>(false)
  private let workerCount: Int
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  init(workerCount: Int) {
    self.workerCount = workerCount
    Forks.startCounting()
    process = Atomic(Forks.count)
    initializeLocks()
  }

  deinit {
    pthread_mutex_destroy(mutex)
    pthread_cond_destroy(condition)
    mutex.deallocate()
    condition.deallocate()
  }

  private func initializeLocks() {
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
  }
}

// MARK: - The caller's side

extension WorkerPool {
  /// Tries to become the owner of the pool. Returns false while another region runs.
  func enter() -> Bool {
    guard process.load(ordering: .acquiring) == Forks.count || renew() else { return false }
    // Acquires the writes of the last owner.
    return isBusy.compareExchange(
      expected: false, desired: true, successOrdering: .acquiring, failureOrdering: .relaxed
    )
    .exchanged
  }

  func leave() { isBusy.store(false, ordering: .releasing) }

  /// Executes the chunks of a region, together with the available workers. The caller owns the pool.
  func perform(_ chunks: Int, _ body: UnsafePointer<Body>) {
    if !hasStarted { start() }
    self.body = body
    // Relaxed: all chunks of the last ticket are claimed, so only the owner can change it.
    let generation = (ticket.load(ordering: .relaxed) >> 32) &+ 1
    // The first chunk is for the owner. A worker counts itself as asleep and then reads the ticket; here, the ticket is
    // written first and then the count is read. With sequential consistency, at least one of the two sees the other, so
    // no worker sleeps through a region.
    ticket.store(generation << 32 | UInt64(chunks) << 16 | 1, ordering: .sequentiallyConsistent)
    if sleepers.load(ordering: .sequentiallyConsistent) > 0 { wake(chunks - 1) }
    var others = chunks
    var chunk: Int? = 0
    while let mine = chunk {
      call(mine)
      others -= 1
      chunk = claim()
    }
    if others > 0 { wait(forOthers: others) }
  }

  /// Waits until the workers have finished this many chunks, and acquires their writes.
  private func wait(forOthers others: Int) {
    finishedBefore &+= others
    var spins = 0
    while finished.load(ordering: .acquiring) != finishedBefore {
      spins += 1
      if spins < 4000 { nn_pause() } else { sched_yield() }
    }
  }

  /// Starts the threads, at the first region that is worth sharing.
  private func start() {
    hasStarted = true
    for _ in 0..<workerCount {
      // If not all threads can be created, the existing ones do all the work.
      guard let thread = SystemThread({ self.work() }) else { return }
      threads.append(thread)
    }
  }

  private func wake(_ wanted: Int) {
    pthread_mutex_lock(mutex)
    if wanted >= workerCount {
      pthread_cond_broadcast(condition)
    } else {
      for _ in 0..<wanted { pthread_cond_signal(condition) }
    }
    pthread_mutex_unlock(mutex)
  }

  /// Ends the threads. The pool must not be entered afterwards.
  func dismiss() {
    guard process.load(ordering: .acquiring) == Forks.count else { return }
    // Relaxed: workers read it repeatedly, and before sleeping they read it inside the mutex that `wake` takes.
    isDismissed.store(true, ordering: .relaxed)
    wake(workerCount)
    for thread in threads { thread.join() }
  }
}

// MARK: - A worker's side

extension WorkerPool {
  private func work() {
    var idleSince = monotonicNanoseconds()
    var spins = 0
    while !isDismissed.load(ordering: .relaxed) {
      if let chunk = claim() {
        call(chunk)
        // Releases the writes of the chunk to the owner.
        finished.add(1, ordering: .releasing)
        spins = 0
        continue
      }
      if spins == 0 { idleSince = monotonicNanoseconds() }
      spins += 1
      nn_pause()
      guard spins & 63 == 0 else { continue }
      // A clock that goes backward gives a long time, after which the thread sleeps.
      let idle = monotonicNanoseconds() &- idleSince
      if idle > Self.yieldNanoseconds {
        sleep()
        spins = 0
      } else if idle > Self.spinNanoseconds {
        sched_yield()
      }
    }
  }

  /// Claims a chunk for the caller. Returns its number, or nil if there is none.
  private func claim() -> Int? {
    // Relaxed: nothing depends on this load alone.
    var seen = ticket.load(ordering: .relaxed)
    while true {
      let next = seen & 0xFFFF
      guard next < (seen >> 16) & 0xFFFF else { return nil }
      // Acquires the owner's writes before the ticket, even after claims of other workers: those are
      // read-modify-writes, which continue the release sequence of the store.
      let (exchanged, original) = ticket.weakCompareExchange(
        expected: seen, desired: seen + 1, successOrdering: .acquiring, failureOrdering: .relaxed)
      if exchanged { return Int(next) }
      seen = original
    }
  }

  /// A separate function, so that no reference to the caller's closure outlives the call.
  @inline(never) private func call(_ chunk: Int) { body!.pointee(chunk) }

  private func sleep() {
    pthread_mutex_lock(mutex)
    // See `perform` for the order of these two operations.
    sleepers.add(1, ordering: .sequentiallyConsistent)
    let seen = ticket.load(ordering: .sequentiallyConsistent)
    if seen & 0xFFFF >= (seen >> 16) & 0xFFFF && !isDismissed.load(ordering: .relaxed) {
      pthread_cond_wait(condition, mutex)
    }
    // Relaxed: a count that is too high only costs the owner an unnecessary call.
    sleepers.subtract(1, ordering: .relaxed)
    pthread_mutex_unlock(mutex)
  }
}

// MARK: - After a fork

extension WorkerPool {
  private static let renewing = -1

  /// In a forked process: discards the threads, which exist only in the parent, and their pending work. Returns false
  /// if another thread is doing this at the moment.
  private func renew() -> Bool {
    let seen = process.load(ordering: .relaxed)
    guard seen != Self.renewing,
      process.compareExchange(expected: seen, desired: Self.renewing, ordering: .acquiring).exchanged
    else { return false }
    // A thread of the parent may have held the mutex, and a region may have been in progress.
    initializeLocks()
    ticket.store(0, ordering: .relaxed)
    finished.store(0, ordering: .relaxed)
    finishedBefore = 0
    sleepers.store(0, ordering: .relaxed)
    threads = []
    hasStarted = false
    isBusy.store(false, ordering: .relaxed)
    // Publishes the stores above to threads that find this process's number in `enter`.
    process.store(Forks.count, ordering: .releasing)
    return true
  }
}

/// The number of forks of this process and its ancestors since the first pool.
private enum Forks {
  private static let counter = Atomic<Int>(0)
  private static let registration: Void = {
    pthread_atfork(nil, nil, { Forks.counter.add(1, ordering: .relaxed) })
  }()

  static func startCounting() { registration }

  /// Relaxed: a process updates the count before it has a second thread.
  static var count: Int { counter.load(ordering: .relaxed) }
}
