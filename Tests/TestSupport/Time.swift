import HostSystem
import Files

/// The processor time that `work` takes on this thread, in seconds. Unlike elapsed time, it does not grow with the
/// other tests that run at the same time.
package func processorSeconds(_ work: () throws -> Void) rethrows -> Double {
  let start = threadSeconds()
  try work()
  return threadSeconds() - start
}

/// Waits until `condition` holds, and returns whether it did within five minutes. Only a fault takes that long, also on
/// a machine under load.
package func waitUntil(_ condition: () throws -> Bool) rethrows -> Bool {
  let deadline = monotonicSeconds() + 300
  while try !condition() {
    if monotonicSeconds() > deadline { return false }
    usleep(1000)
  }
  return true
}
