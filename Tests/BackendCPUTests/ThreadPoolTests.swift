import HostSystem
@testable import BackendCPU
import Synchronization
import Testing

@Suite struct ThreadPoolTests {
  /// The number of times each chunk was executed.
  private final class Tally: Sendable {
    private let counts: Mutex<[Int]>

    init(_ chunks: Int) { counts = Mutex(Array(repeating: 0, count: chunks)) }

    func add(_ chunk: Int) { counts.withLock { $0[chunk] += 1 } }

    var all: [Int] { counts.withLock { $0 } }
  }

  @Test(arguments: [1, 2, 3, 7])
  func doesEachChunkOnce(threads: Int) {
    let pool = ThreadPool(threadCount: threads)
    for chunks in [0, 1, 2, 3, 8, 100, 1000] {
      let tally = Tally(chunks)
      pool.run(chunks) { tally.add($0) }
      #expect(tally.all == Array(repeating: 1, count: chunks))
    }
  }

  @Test func manyRegionsOfChangingSizeNeverMixTheirChunks() {
    let pool = ThreadPool(threadCount: 4)
    let memory = UnsafeMutablePointer<Int>.allocate(capacity: 16)
    defer { memory.deallocate() }
    var wrong = 0
    for region in 0..<20_000 {
      let chunks = region % 13 + 2
      memory.initialize(repeating: -1, count: 16)
      pool.run(chunks) { memory[$0] = region }
      for chunk in 0..<16 where memory[chunk] != (chunk < chunks ? region : -1) { wrong += 1 }
    }
    #expect(wrong == 0)
  }

  @Test(arguments: [1, 2, 3, 7])
  func regionsInsideRegionsAreDone(threads: Int) {
    let pool = ThreadPool(threadCount: threads)
    let tally = Tally(64)
    pool.run(8) { outer in pool.run(8) { tally.add(outer * 8 + $0) } }
    #expect(tally.all == Array(repeating: 1, count: 64))
  }

  @Test(arguments: [1, 2, 3, 7])
  func callersOnSeveralThreadsAreServed(threads: Int) async {
    let pool = ThreadPool(threadCount: threads)
    let totals = await withTaskGroup(of: Int.self) { group in
      for _ in 0..<8 {
        group.addTask {
          var done = 0
          for _ in 0..<200 {
            let tally = Tally(5)
            pool.run(5) { tally.add($0) }
            done += tally.all.reduce(0, +)
          }
          return done
        }
      }
      return await group.reduce(0, +)
    }
    #expect(totals == 8 * 200 * 5)
  }

  /// Writes of workers are visible when `run` returns, without a separate lock in the test.
  @Test(arguments: [2, 3, 7])
  func aRegionEndsAfterAllThatItWrites(threads: Int) {
    let pool = ThreadPool(threadCount: threads)
    let memory = UnsafeMutablePointer<Int>.allocate(capacity: 64)
    defer { memory.deallocate() }
    memory.initialize(repeating: 0, count: 64)
    for _ in 0..<2000 {
      pool.run(16) { chunk in for index in chunk * 4..<chunk * 4 + 4 { memory[index] += 1 } }
    }
    #expect((0..<64).allSatisfy { memory[$0] == 2000 })
  }

  @Test func workersTakePart() { #expect(Self.twoThreadsMeet(in: ThreadPool(threadCount: 2))) }

  /// Whether two chunks run at the same time: each waits for the other.
  private static func twoThreadsMeet(in pool: ThreadPool) -> Bool {
    let started = Atomic<Int>(0)
    let end = time(nil) + 20
    pool.run(2) { _ in
      started.add(1, ordering: .relaxed)
      while started.load(ordering: .relaxed) < 2 && time(nil) < end { sched_yield() }
    }
    return time(nil) < end
  }

  @Test func smallWorkIsNotShared() {
    let backend = CPUBackend(threads: 7)
    for grain in [Grain.copy, Grain.simple, Grain.heavy] {
      let ranges = Mutex<[Range<Int>]>([])
      backend.parallel(2 * grain - 1, grain: grain) { range in ranges.withLock { $0.append(range) } }
      #expect(ranges.withLock { $0 } == [0..<2 * grain - 1])
    }
  }

  /// Processor time of the whole process. Other suites run concurrently, so this is measured in a separate process.
  @Test func sleepsWhenIdle() async {
    await #expect(processExitsWith: .success) {
      let pool = ThreadPool(threadCount: 4)
      pool.run(8) { _ in }
      usleep(50_000)
      let before = Self.processorSeconds()
      usleep(200_000)
      exit(Self.processorSeconds() - before < 0.02 ? EXIT_SUCCESS : EXIT_FAILURE)
    }
  }

  private static func processorSeconds() -> Double {
    var usage = rusage()
    // RUSAGE_SELF, whose type depends on the C library.
    getrusage(0, &usage)
    let microseconds = Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec)
    return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + microseconds * 1e-6
  }

  @Test func wakesWhenAsleep() {
    let pool = ThreadPool(threadCount: 2)
    for _ in 0..<5 {
      usleep(20_000)
      let tally = Tally(4)
      pool.run(4) { tally.add($0) }
      #expect(tally.all == [1, 1, 1, 1])
    }
  }

  /// A child does not inherit its parent's threads: it starts its own, whether the parent's were awake or asleep.
  @Test func worksInAForkedProcess() async {
    await #expect(processExitsWith: .success) {
      let pool = ThreadPool(threadCount: 3)
      pool.run(8) { _ in }
      for pause: UInt32 in [0, 1000, 20_000] {
        usleep(pause)
        let isRight = Self.inForkedProcess {
          let tally = Tally(100)
          pool.run(100) { tally.add($0) }
          return tally.all == Array(repeating: 1, count: 100) && Self.twoThreadsMeet(in: pool)
        }
        guard isRight, Self.twoThreadsMeet(in: pool) else { exit(EXIT_FAILURE) }
      }
      exit(EXIT_SUCCESS)
    }
  }

  @Test func endsInAForkedProcess() async {
    await #expect(processExitsWith: .success) {
      var pool: ThreadPool? = ThreadPool(threadCount: 3)
      pool?.run(8) { _ in }
      let isRight = Self.inForkedProcess {
        pool = nil
        return true
      }
      exit(isRight && Self.twoThreadsMeet(in: pool!) ? EXIT_SUCCESS : EXIT_FAILURE)
    }
  }

  /// The result of `body` in a child of this process; false if the child does not end within half a minute.
  private static func inForkedProcess(_ body: () -> Bool) -> Bool {
    let child = fork()
    if child == 0 {
      alarm(30)
      _exit(body() ? EXIT_SUCCESS : EXIT_FAILURE)
    }
    var status: Int32 = 0
    return waitpid(child, &status, 0) == child && status == 0
  }

  @Test func environmentBoundsThreadsAndKernels() async {
    await #expect(processExitsWith: .success) {
      setenv("NN_NUM_THREADS", "3", 1)
      setenv("NN_CPU_ISA", InstructionSet.available.last!.rawValue, 1)
      let isRight =
        CPUBackend.shared.threadCount == 3 && CPUBackend.shared.instructionSet == InstructionSet.available.last!
      exit(isRight ? EXIT_SUCCESS : EXIT_FAILURE)
    }
  }

  @Test(arguments: ["many", "0", "-1", "1025", "2.5"])
  func nonsenseInTheEnvironmentIsNamedOnce(text: String) async throws {
    let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) { [text] in
      setenv("NN_NUM_THREADS", text, 1)
      setenv("NN_CPU_ISA", "mmx", 1)
      let isRight =
        CPUBackend.shared.threadCount >= 1 && CPUBackend.shared.instructionSet == InstructionSet.available.first!
      exit(isRight ? EXIT_SUCCESS : EXIT_FAILURE)
    }
    let lines = String(decoding: try #require(result).standardErrorContent, as: UTF8.self).split(separator: "\n")
    #expect(
      lines.filter { $0 == "swift-nn: NN_NUM_THREADS=\(text) is not a number from 1 to 1024; using all processors" }
        .count == 1)
    #expect(lines.filter { $0.contains("NN_CPU_ISA=mmx") }.count == 1)
  }
}
