/// A system thread that runs one closure. `pthread_t`, which is a number in glibc and a pointer in Musl, is used only
/// here.
package struct SystemThread {
  private final class Job: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  private let handle: pthread_t

  /// Starts a thread, to be joined or detached later. Returns nil, without running the closure, if the system cannot
  /// create a thread.
  package init?(_ body: @escaping @Sendable () -> Void) {
    let job = Unmanaged.passRetained(Job(body))
    #if canImport(Glibc)
    var thread = pthread_t()
    #else
    var thread: pthread_t?
    #endif
    let status = pthread_create(
      &thread, nil,
      { pointer in
        if let pointer { Unmanaged<Job>.fromOpaque(pointer).takeRetainedValue().run() }
        return nil
      }, job.toOpaque())
    guard status == 0, let handle = thread as pthread_t? else {
      job.release()
      return nil
    }
    self.handle = handle
  }

  /// Waits until the closure has returned.
  package func join() { pthread_join(handle, nil) }

  /// Detaches the thread, which then ends by itself.
  package func detach() { pthread_detach(handle) }

  /// The number of the current thread, which no other running thread has.
  @inlinable package static var currentNumber: UInt64 {
    #if canImport(Glibc)
    UInt64(pthread_self())
    #else
    UInt64(UInt(bitPattern: pthread_self()))
    #endif
  }

  /// Runs the closure with the numbers `0..<count`, each on a separate thread except for the first, which runs on this
  /// thread, and waits for all of them.
  package static func concurrently(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
    var threads: [SystemThread] = []
    for number in 1..<max(count, 1) {
      if let thread = SystemThread({ body(number) }) {
        threads.append(thread)
      } else {
        body(number)  // no thread is to be had: this one does the work
      }
    }
    body(0)
    for thread in threads { thread.join() }
  }
}
