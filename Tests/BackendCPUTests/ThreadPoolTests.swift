@testable import BackendCPU
import Synchronization
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

@Suite struct ThreadPoolTests {
  /// How often each chunk was done.
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

  @Test func regionsInsideRegionsAreDone() {
    let pool = ThreadPool(threadCount: 3)
    let tally = Tally(64)
    pool.run(8) { outer in pool.run(8) { tally.add(outer * 8 + $0) } }
    #expect(tally.all == Array(repeating: 1, count: 64))
  }

  @Test func callersOnSeveralThreadsAreServed() async {
    let pool = ThreadPool(threadCount: 3)
    let totals = await withTaskGroup(of: Int.self) { group in
      for _ in 0..<8 {
        group.addTask {
          var done = 0
          for _ in 0..<500 {
            let tally = Tally(5)
            pool.run(5) { tally.add($0) }
            done += tally.all.reduce(0, +)
          }
          return done
        }
      }
      return await group.reduce(0, +)
    }
    #expect(totals == 8 * 500 * 5)
  }

  /// Processor time of the whole process; other suites run beside, so this is measured in a process of its own.
  @Test func sleepsWhenIdle() async {
    await #expect(processExitsWith: .success) {
      let pool = ThreadPool(threadCount: 4)
      pool.run(8) { _ in }
      usleep(50_000)
      let before = clock()
      usleep(200_000)
      let used = Double(clock() - before) / Double(CLOCKS_PER_SEC)
      exit(used < 0.02 ? EXIT_SUCCESS : EXIT_FAILURE)
    }
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

  @Test func environmentBoundsThreadsAndKernels() async {
    await #expect(processExitsWith: .success) {
      setenv("NN_NUM_THREADS", "3", 1)
      setenv("NN_CPU_ISA", InstructionSet.available.last!.rawValue, 1)
      let isRight =
        CPUBackend.shared.threadCount == 3 && CPUBackend.shared.instructionSet == InstructionSet.available.last!
      exit(isRight ? EXIT_SUCCESS : EXIT_FAILURE)
    }
  }

  @Test func nonsenseInTheEnvironmentIsIgnored() async {
    await #expect(processExitsWith: .success) {
      setenv("NN_NUM_THREADS", "many", 1)
      setenv("NN_CPU_ISA", "mmx", 1)
      let isRight =
        CPUBackend.shared.threadCount >= 1 && CPUBackend.shared.instructionSet == InstructionSet.available.first!
      exit(isRight ? EXIT_SUCCESS : EXIT_FAILURE)
    }
  }
}
