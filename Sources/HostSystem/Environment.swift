import Synchronization

/// The value of an environment variable; nil if it is unset or empty.
package func environment(_ name: String) -> String? {
  guard let value = getenv(name), value.pointee != 0 else { return nil }
  return String(cString: value)
}

/// The invalid variables that have already been reported.
private let reported = Mutex<Set<String>>([])

/// The value of an environment variable of this package; nil if it is unset or invalid. The first access to an invalid
/// variable prints one line on standard error.
///
/// - Parameters:
///   - expected: A description of valid values, such as "a number from 1 to 1024".
///   - otherwise: The consequence of an invalid value, such as "using all processors".
///   - value: Parses the text; returns nil if it is invalid.
package func setting<Value>(
  _ name: String, expected: @autoclosure () -> String, otherwise: @autoclosure () -> String, _ value: (String) -> Value?
) -> Value? {
  guard let text = environment(name) else { return nil }
  if let value = value(text) { return value }
  if reported.withLock({ $0.insert(name).inserted }) {
    let line = "swift-nn: \(name)=\(text) is not \(expected()); \(otherwise())"
    _ = writeAll(Array("\(line.onOneLine)\n".utf8), to: STDERR_FILENO)
  }
  return nil
}
