#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Runs `body` for parts 0, 1 … of the work, each on a thread of its own, and waits for all.
func concurrently(parts: Int, _ body: @Sendable @escaping (_ part: Int) -> Void) {
  final class Job: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }
  var threads: [pthread_t?] = []
  for part in 1..<max(parts, 1) {
    let job = Unmanaged.passRetained(Job { body(part) })
    #if canImport(Glibc)
    var thread = pthread_t()
    #else
    var thread: pthread_t?
    #endif
    let code = pthread_create(
      &thread, nil,
      {
        Unmanaged<Job>.fromOpaque($0!).takeRetainedValue().run()
        return nil
      }, job.toOpaque())
    if code == 0 {
      threads.append(thread)
    } else {  // no thread to be had: this one does the work
      job.takeRetainedValue().run()
    }
  }
  body(0)
  for case let thread? in threads { pthread_join(thread, nil) }
}

/// The processors that the system has in use, 8 at most: more do not make the data faster.
func processorCount() -> Int { min(max(Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))), 1), 8) }
