import CPUKernels
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// What the threads of a pool share: the region that is worked on, and who sleeps.
///
/// How the parts are ordered:
/// - `isBusy` is a lock that is tried and never waited for. Who has it owns a region and all that is marked as guarded.
/// - `ticket` hands out chunks. The owner writes `body` and then the ticket; a worker that has claimed a chunk has read that
///   ticket, so it sees the body. Until all chunks are finished the owner stays, so that it stays valid.
/// - `finished` counts the chunks that workers have done, in all regions; the owner's read of the count that it waits for
///   sees all that they wrote.
final class Crew: @unchecked Sendable {
  typealias Body = (Int) -> Void
  static let mostChunks = 0xFFFF
  /// Hot waiting, then waiting that yields, then sleep.
  private static let spinNanoseconds: UInt64 = 60_000
  private static let yieldNanoseconds: UInt64 = 2_000_000

  // What is written by different threads, or at different times, is kept two cache lines apart; processors fetch pairs.
  private let padding0 = InlineArray<16, Int>(repeating: 0)
  /// Generation (32 bits), chunks (16), next chunk (16): one word, so that a late claim can only fail.
  private let ticket = Atomic<UInt64>(0)
  /// Guarded by `isBusy`; workers read it after a claim, from the line that brought the ticket.
  private var body: UnsafePointer<Body>?
  private let padding1 = InlineArray<16, Int>(repeating: 0)
  private let finished = Atomic<Int>(0)
  private let padding2 = InlineArray<16, Int>(repeating: 0)
  private let isBusy = Atomic<Bool>(false)
  /// The number of forks before the process that the threads belong to, or `renewing`.
  private let process: Atomic<Int>
  /// What `finished` was after the last region. Guarded by `isBusy`, like the next two.
  private var finishedBefore = 0
  private var hasStarted = false
  private var threads: [pthread_t] = []
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

extension Crew {
  /// Whether the caller now owns the crew: false while another region runs.
  func enter() -> Bool {
    guard process.load(ordering: .acquiring) == Forks.count || renew() else { return false }
    // Acquires what the last owner wrote.
    return isBusy.compareExchange(
      expected: false, desired: true, successOrdering: .acquiring, failureOrdering: .relaxed
    )
    .exchanged
  }

  func leave() { isBusy.store(false, ordering: .releasing) }

  /// Does the chunks of a region, with the workers that take part. The caller owns the crew.
  func perform(_ chunks: Int, _ body: UnsafePointer<Body>) {
    if !hasStarted { start() }
    self.body = body
    // Relaxed: all chunks of the last ticket are claimed, so that nobody but the owner can change it.
    let generation = (ticket.load(ordering: .relaxed) >> 32) &+ 1
    // The first chunk is the owner's. A worker counts itself asleep and then reads the ticket; here the ticket is written and
    // then the count read. In the one order of sequential consistency one of the two sees the other, so that no worker
    // sleeps through a region.
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

  /// Returns when the workers have finished as many chunks, and sees what they wrote.
  private func wait(forOthers others: Int) {
    finishedBefore &+= others
    var spins = 0
    while finished.load(ordering: .acquiring) != finishedBefore {
      spins += 1
      if spins < 4000 { nn_pause() } else { sched_yield() }
    }
  }

  /// Threads start with the first region that is worth sharing.
  private func start() {
    hasStarted = true
    for _ in 0..<workerCount {
      var thread = pthread_t()
      let context = Unmanaged.passRetained(self)
      let status = pthread_create(
        &thread, nil,
        { context in
          Unmanaged<Crew>.fromOpaque(context!).takeRetainedValue().work()
          return nil
        }, context.toOpaque())
      // Fewer threads than wished for still do all the work.
      guard status == 0 else {
        context.release()
        return
      }
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

  /// Ends the threads. Nobody enters any more.
  func dismiss() {
    guard process.load(ordering: .acquiring) == Forks.count else { return }
    // Relaxed: a worker reads it again and again, and before it sleeps inside the mutex that `wake` takes.
    isDismissed.store(true, ordering: .relaxed)
    wake(workerCount)
    for thread in threads { pthread_join(thread, nil) }
  }
}

// MARK: - A worker's side

extension Crew {
  private func work() {
    var idleSince = Self.now()
    var spins = 0
    while !isDismissed.load(ordering: .relaxed) {
      if let chunk = claim() {
        call(chunk)
        // Releases what the chunk wrote, for the owner.
        finished.add(1, ordering: .releasing)
        spins = 0
        continue
      }
      if spins == 0 { idleSince = Self.now() }
      spins += 1
      nn_pause()
      guard spins & 63 == 0 else { continue }
      let idle = Self.now() - idleSince
      if idle > Self.yieldNanoseconds {
        sleep()
        spins = 0
      } else if idle > Self.spinNanoseconds {
        sched_yield()
      }
    }
  }

  /// The number of a chunk that is now the caller's to do; nil when there is none.
  private func claim() -> Int? {
    // Relaxed: nothing is read on the strength of this load alone.
    var seen = ticket.load(ordering: .relaxed)
    while true {
      let next = seen & 0xFFFF
      guard next < (seen >> 16) & 0xFFFF else { return nil }
      // Acquires what the owner wrote before the ticket, also through the claims of others: they are read-modify-writes,
      // which continue the release of the store that they change.
      let (exchanged, original) = ticket.weakCompareExchange(
        expected: seen, desired: seen + 1, successOrdering: .acquiring, failureOrdering: .relaxed)
      if exchanged { return Int(next) }
      seen = original
    }
  }

  /// A function of its own, so that no reference to the caller's closure outlives the call.
  @inline(never) private func call(_ chunk: Int) { body!.pointee(chunk) }

  private func sleep() {
    pthread_mutex_lock(mutex)
    // See `perform` for the order of these two.
    sleepers.add(1, ordering: .sequentiallyConsistent)
    let seen = ticket.load(ordering: .sequentiallyConsistent)
    if seen & 0xFFFF >= (seen >> 16) & 0xFFFF && !isDismissed.load(ordering: .relaxed) {
      pthread_cond_wait(condition, mutex)
    }
    // Relaxed: too high a count costs the owner a call in vain.
    sleepers.subtract(1, ordering: .relaxed)
    pthread_mutex_unlock(mutex)
  }

  private static func now() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}

// MARK: - After a fork

extension Crew {
  private static let renewing = -1

  /// In a process that was forked off: forgets the threads, which only the parent has, and what they were about to do.
  /// False when another thread is doing so at the moment.
  private func renew() -> Bool {
    let seen = process.load(ordering: .relaxed)
    guard seen != Self.renewing,
      process.compareExchange(expected: seen, desired: Self.renewing, ordering: .acquiring).exchanged
    else { return false }
    // A thread of the parent may have held the mutex, and a region may have been half done.
    initializeLocks()
    ticket.store(0, ordering: .relaxed)
    finished.store(0, ordering: .relaxed)
    finishedBefore = 0
    sleepers.store(0, ordering: .relaxed)
    threads = []
    hasStarted = false
    isBusy.store(false, ordering: .relaxed)
    // Publishes the stores above to those that find this process's number in `enter`.
    process.store(Forks.count, ordering: .releasing)
    return true
  }
}

/// How often this process and those that it descends from were forked, counted from the first crew.
private enum Forks {
  private static let counter = Atomic<Int>(0)
  private static let registration: Void = {
    pthread_atfork(nil, nil, { Forks.counter.add(1, ordering: .relaxed) })
  }()

  static func startCounting() { registration }

  /// Relaxed: a process counts before it has a second thread.
  static var count: Int { counter.load(ordering: .relaxed) }
}
