@preconcurrency import HostSystem
import BackendCore

/// An invalid request, such as shapes that do not match or an axis that does not exist.
///
/// Tensor operations do not throw, so a mistake ends the program with a message. During shape inference of a model
/// (within `attempt`), mistakes are noted instead, operations return stand-ins, and `build` throws the first message.
package struct ProgrammerError: Error {
  let message: String

  /// Ends the program with a message, after flushing earlier output.
  @inline(never)
  package static func end(_ message: String, hint: String? = nil) -> Never {
    let place = CallPlace.ofThread.value?.text().map { "; in the layer \($0)" } ?? ""
    fflush(stdout)
    fatalError(message + place + advice(hint))
  }

  /// Within `attempt`, throws to the enclosing `checked`; elsewhere, ends the program.
  @inline(never)
  package static func refuse(_ message: String, hint: String? = nil) throws -> Never {
    guard Attempt.innermost.value != nil else { end(message, hint: hint) }
    throw ProgrammerError(message: message + advice(hint))
  }

  /// Calls `body`, and calls `note` with the message of each mistake in it. Stand-ins replace the results of the failed
  /// operations.
  /// - Parameter reading: Called when `body` reads the numbers of tensors that have none; they are then read as zeros.
  ///   Without it, this is a mistake.
  package static func attempt(
    _ body: () -> Void, note: @escaping (_ message: String) -> Void, reading: (() -> Void)? = nil
  ) {
    let outer = Attempt.innermost.value
    let attempt = Attempt(note, reading)
    Attempt.innermost.value = attempt
    withExtendedLifetime(attempt, body)
    Attempt.innermost.value = outer
  }

  /// Notes a mistake within `attempt`, if the caller continues by throwing or by returning its own stand-in.
  package static func note(_ message: String) { Attempt.innermost.value?.note(message) }

  /// Reports that the numbers of a tensor without numbers are being read. Returns false if this is a mistake.
  static func takesReading() -> Bool {
    guard let reading = Attempt.innermost.value?.reading else { return false }
    reading()
    return true
  }

  private static func advice(_ hint: String?) -> String { hint.map { "; hint: \($0)" } ?? "" }
}

/// One call of `ProgrammerError.attempt`.
private final class Attempt {
  let note: (String) -> Void
  let reading: (() -> Void)?

  init(_ note: @escaping (String) -> Void, _ reading: (() -> Void)?) {
    self.note = note
    self.reading = reading
  }

  /// Notes a mistake, and returns its message.
  static func note(_ error: any Error) -> String {
    let mistake = (error as? ProgrammerError)?.message ?? "\(error)"
    innermost.value?.note(mistake)
    return mistake
  }

  /// The innermost attempt of a thread.
  static let innermost = ThreadLocal<Attempt>()
}

/// Returns the result of an operation, or a stand-in if a check in `body` rejects the operands.
@inline(__always)
package func checked<Result: StandIn>(_ body: () throws -> Result) -> Result {
  do { return try body() } catch { return Result.standIn(for: error) }
}

/// Performs a change in place, which is skipped if it is a mistake.
@inline(__always)
package func checked(_ body: () throws -> Void) {
  do { try body() } catch { _ = Attempt.note(error) }
}

/// A type that provides a value to continue with after a mistake.
package protocol StandIn {
  static func standIn(_ mistake: String) -> Self
}

extension StandIn {
  @inline(never)
  static func standIn(for error: any Error) -> Self {
    standIn(Attempt.note(error))
  }
}

extension Tensor: StandIn {
  /// Returns a tensor without numbers. It has the maximum number of axes, so that a layer can ask for the extent of any
  /// axis.
  package static func standIn(_ mistake: String) -> Tensor {
    Tensor(
      poison: Poison(.invalidOperation(reason: mistake)), Shape(rank: Shape.maximumRank, repeating: 1), .float32,
      on: .shapes)
  }
}

extension Array: StandIn where Element: StandIn {
  /// Returns many elements, so that a layer can ask for any of the parts of a tensor.
  package static func standIn(_ mistake: String) -> [Element] { Array(repeating: .standIn(mistake), count: 64) }
}

/// A description of the current activity of a thread, for messages. A higher-level module sets it and keeps it alive as
/// long as the thread.
package final class CallPlace {
  /// "2.query (Dense)"; nil outside of layers.
  package let text: () -> String?

  package init(_ text: @escaping () -> String?) { self.text = text }

  /// The description for a thread.
  package static let ofThread = ThreadLocal<CallPlace>()
}
