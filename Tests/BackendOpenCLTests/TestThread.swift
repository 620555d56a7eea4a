#if OpenCL
import CLibrary
import Synchronization

/// A thread that runs one closure.
final class TestThread {
  private final class Job: Sendable {
    let body: @Sendable () throws -> Void
    let fault = Mutex<String?>(nil)
    init(_ body: @escaping @Sendable () throws -> Void) { self.body = body }
  }

  private let job: Job
  private var thread = pthread_t()

  init(_ body: @escaping @Sendable () throws -> Void) {
    job = Job(body)
    let argument = Unmanaged.passRetained(job).toOpaque()
    pthread_create(
      &thread, nil,
      { argument in
        let job = Unmanaged<Job>.fromOpaque(argument!).takeRetainedValue()
        do {
          try job.body()
        } catch {
          job.fault.withLock { $0 = "\(error)" }
        }
        return nil
      }, argument)
  }

  /// Waits for the thread to end, and returns the error that it threw.
  func join() -> String? {
    pthread_join(thread, nil)
    return job.fault.withLock { $0 }
  }
}
#endif
