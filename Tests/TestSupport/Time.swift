import CLibrary
import Files

/// The processor time that `work` takes on this thread, in seconds. Unlike elapsed time, it does not grow with the
/// other tests that run at the same time.
package func processorSeconds(_ work: () throws -> Void) rethrows -> Double {
  func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
  let start = now()
  try work()
  return now() - start
}

/// Waits until `condition` holds, and returns whether it did within five minutes. Only a fault takes that long, also on
/// a machine under load.
package func waitUntil(_ condition: () throws -> Bool) rethrows -> Bool {
  let deadline = ChildProcess.now() + 300
  while try !condition() {
    if ChildProcess.now() > deadline { return false }
    usleep(1000)
  }
  return true
}
