/// The time of a monotonic clock in seconds.
package func monotonicSeconds() -> Double { seconds(of: CLOCK_MONOTONIC) }

/// The time of a monotonic clock in nanoseconds.
package func monotonicNanoseconds() -> UInt64 {
  let time = time(of: CLOCK_MONOTONIC)
  return UInt64(truncatingIfNeeded: Int(time.tv_sec) &* 1_000_000_000 &+ Int(time.tv_nsec))
}

/// The CPU time of this thread in seconds.
package func threadSeconds() -> Double { seconds(of: CLOCK_THREAD_CPUTIME_ID) }

/// The current time in seconds since 1970.
package func secondsSince1970() -> Double { seconds(of: CLOCK_REALTIME) }

private func seconds(of clock: clockid_t) -> Double {
  let time = time(of: clock)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

private func time(of clock: clockid_t) -> timespec {
  var time = timespec()
  clock_gettime(clock, &time)
  return time
}
