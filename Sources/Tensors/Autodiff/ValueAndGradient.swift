import BackendCore

/// Returns the value of `body` at `x` and its gradient, ∂value/∂x, which has the shape of x.
///
/// The value must be a single floating-point element. The closure can contain loops, branches, function calls, and
/// further calls of `valueAndGradient` for higher derivatives. Other tensors that it uses are constants.
///
/// Values that the closure computes from `x` are recorded on its own thread. Using them on another thread before the
/// closure returns ends the program. If no gradient is wanted there, use `.detached()` or `withoutGradient`.
///
/// ```swift
/// let (y, dy) = valueAndGradient(at: Tensor(3)) { x in x * x + 2 * x }   // 15, 8
/// ```
public func valueAndGradient<E: Error>(
  at x: Tensor, of body: (Tensor) throws(E) -> Tensor
) throws(E) -> (value: Tensor, gradient: Tensor) {
  Checks.insist { try Checks.floatingPoint("valueAndGradient", x) }
  let tape = Tape.openScope()
  let leaf = tape.leaf(x)
  let value = try tape.run { () throws(E) in try body(leaf) }
  var pass = tape.finishScope(with: value)
  defer { pass.end() }
  return (tape.surviving(value), pass.gradient(of: leaf))
}

/// Returns the value of `body` at two tensors, and its gradients.
public func valueAndGradient<E: Error>(
  at a: Tensor, _ b: Tensor, of body: (Tensor, Tensor) throws(E) -> Tensor
) throws(E) -> (value: Tensor, gradient: (Tensor, Tensor)) {
  for x in [a, b] { Checks.insist { try Checks.floatingPoint("valueAndGradient", x) } }
  let tape = Tape.openScope()
  let leaves = (tape.leaf(a), tape.leaf(b))
  let value = try tape.run { () throws(E) in try body(leaves.0, leaves.1) }
  var pass = tape.finishScope(with: value)
  defer { pass.end() }
  return (tape.surviving(value), (pass.gradient(of: leaves.0), pass.gradient(of: leaves.1)))
}

/// Returns the value of `body` at any number of tensors, and its gradients.
public func valueAndGradient<E: Error>(
  at tensors: [Tensor], of body: ([Tensor]) throws(E) -> Tensor
) throws(E) -> (value: Tensor, gradient: [Tensor]) {
  for x in tensors { Checks.insist { try Checks.floatingPoint("valueAndGradient", x) } }
  let tape = Tape.openScope()
  let leaves = tensors.map { tape.leaf($0) }
  let value = try tape.run { () throws(E) in try body(leaves) }
  var pass = tape.finishScope(with: value)
  defer { pass.end() }
  return (tape.surviving(value), leaves.map { pass.gradient(of: $0) })
}

/// Runs `body` without recording. For every enclosing `valueAndGradient`, the results are constants.
public func withoutGradient<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
  guard let tape = Tape.current else {
    Tape.pausesWithoutTape += 1
    defer { Tape.pausesWithoutTape -= 1 }
    return try body()
  }
  tape.pauses += 1
  defer { tape.pauses -= 1 }
  return try body()
}

/// True inside an active scope of this thread that is not paused.
package var isRecordingGradients: Bool { Tape.current.map { $0.pauses == 0 } ?? false }

extension Tape {
  /// Runs the body of the innermost scope, which is closed if the body throws. Records of a nested body remain, because
  /// a tensor that escaped may refer to them.
  func run<E: Error>(_ body: () throws(E) -> Tensor) throws(E) -> Tensor {
    do {
      return try body()
    } catch {
      _ = closeScope()
      throw error
    }
  }

  /// Closes the innermost scope, and runs its backward pass.
  func finishScope(with value: Tensor) -> BackwardPass {
    Checks.insist { try Checks.differentiated(value) }
    var pass = BackwardPass(self, closeScope())
    pass.run(from: value)
    return pass
  }

  /// Returns the value as it leaves a scope: still on the tape if outer scopes are open, else detached.
  func surviving(_ value: Tensor) -> Tensor { scopes.isEmpty ? value.detached() : value }
}
