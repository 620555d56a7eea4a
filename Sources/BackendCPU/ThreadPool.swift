import CPUKernels
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Threads that share out the chunks of one region of work at a time.
///
/// Chunks are claimed, not assigned: the caller takes part and finishes what no worker has started, so that a worker which
/// the system has put aside delays nothing. Workers spin for a while after a region and then sleep. A region that is
/// entered from inside another one, or while another thread's region runs, is done by its caller alone.
final class ThreadPool: Sendable {
  /// The threads that work on a region, the caller included.
  let threadCount: Int
  private let crew: Crew
  private let threads = Mutex<[pthread_t]>([])

  init(threadCount: Int) {
    self.threadCount = max(1, threadCount)
    crew = Crew(workerCount: max(1, threadCount) - 1)
  }

  deinit {
    crew.dismiss()
    for thread in threads.withLock({ $0 }) { pthread_join(thread, nil) }
  }

  /// Calls `body` once for each of `0..<chunks`, on any thread and in any order, and returns when all are done.
  func run(_ chunks: Int, _ body: (Int) -> Void) {
    guard chunks > 1, threadCount > 1, chunks <= Crew.mostChunks, crew.enter() else {
      for chunk in 0..<max(chunks, 0) { body(chunk) }
      return
    }
    if !crew.hasWorkers { startWorkers() }
    withoutActuallyEscaping(body) { body in
      withUnsafePointer(to: body) { crew.perform(chunks, $0) }
    }
    crew.leave()
  }

  /// Threads start with the first region that is worth sharing. Called inside a region, so by one thread at a time.
  private func startWorkers() {
    crew.hasWorkers = true
    for _ in 1..<threadCount {
      var thread = pthread_t()
      let context = Unmanaged.passRetained(crew)
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
      threads.withLock { $0.append(thread) }
    }
  }
}

/// What the threads of a pool share.
private final class Crew: @unchecked Sendable {
  typealias Body = (Int) -> Void
  static let mostChunks = 0xFFFF
  /// Hot waiting, then waiting that yields, then sleep.
  private static let spinNanoseconds: UInt64 = 60_000
  private static let yieldNanoseconds: UInt64 = 2_000_000

  /// Generation (32 bits), chunks (16), next chunk (16): one word, so that a late claim can only fail.
  private let ticket = Atomic<UInt64>(0)
  private let padding0 = InlineArray<8, Int>(repeating: 0)
  private let finished = Atomic<Int>(0)
  private let padding1 = InlineArray<8, Int>(repeating: 0)
  private let isBusy = Atomic<Bool>(false)
  private let sleepers = Atomic<Int>(0)
  private let isDismissed = Atomic<Bool>(false)
  private let workerCount: Int
  /// Written before the ticket of its generation, read after a claim on that ticket.
  private var body: UnsafePointer<Body>?
  /// Guarded by `isBusy`.
  var hasWorkers = false
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  init(workerCount: Int) {
    self.workerCount = workerCount
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
  }

  deinit {
    pthread_mutex_destroy(mutex)
    pthread_cond_destroy(condition)
    mutex.deallocate()
    condition.deallocate()
  }

  func enter() -> Bool {
    isBusy.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged
  }

  func leave() { isBusy.store(false, ordering: .releasing) }

  /// The caller's side of a region.
  func perform(_ chunks: Int, _ body: UnsafePointer<Body>) {
    self.body = body
    finished.store(0, ordering: .relaxed)
    let generation = (ticket.load(ordering: .relaxed) >> 32) &+ 1
    ticket.store(generation << 32 | UInt64(chunks) << 16, ordering: .sequentiallyConsistent)
    if sleepers.load(ordering: .sequentiallyConsistent) > 0 { wake(chunks - 1) }
    var mine = 0
    while let chunk = claim() {
      call(chunk)
      mine += 1
    }
    if mine == chunks { return }
    let others = chunks - mine
    var spins = 0
    while finished.load(ordering: .acquiring) != others {
      spins += 1
      if spins < 4000 { nn_pause() } else { sched_yield() }
    }
  }

  private func claim() -> Int? {
    var seen = ticket.load(ordering: .acquiring)
    while true {
      let next = seen & 0xFFFF
      guard next < (seen >> 16) & 0xFFFF else { return nil }
      let (exchanged, original) = ticket.weakCompareExchange(
        expected: seen, desired: seen + 1, ordering: .acquiringAndReleasing)
      if exchanged { return Int(next) }
      seen = original
    }
  }

  /// A function of its own, so that no reference to the caller's closure outlives the call.
  @inline(never) private func call(_ chunk: Int) { body!.pointee(chunk) }

  /// A worker's life.
  func work() {
    var idleSince = Self.now()
    var spins = 0
    while !isDismissed.load(ordering: .relaxed) {
      if let chunk = claim() {
        call(chunk)
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

  private func sleep() {
    pthread_mutex_lock(mutex)
    sleepers.add(1, ordering: .sequentiallyConsistent)
    let seen = ticket.load(ordering: .sequentiallyConsistent)
    if seen & 0xFFFF >= (seen >> 16) & 0xFFFF && !isDismissed.load(ordering: .relaxed) {
      pthread_cond_wait(condition, mutex)
    }
    sleepers.subtract(1, ordering: .sequentiallyConsistent)
    pthread_mutex_unlock(mutex)
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

  func dismiss() {
    isDismissed.store(true, ordering: .sequentiallyConsistent)
    wake(workerCount)
  }

  private static func now() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
