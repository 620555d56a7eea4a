/// The state that a callback or a metric keeps from step to step, in a form that can be saved.
public struct ResumableState: Sendable {
  /// Counts, best values, and similar numbers, by name.
  public var numbers: [String: Double]
  /// Weights, sums, and similar tensors, by name.
  public var tensors: [String: Tensor]

  /// Creates a state.
  /// - Parameters:
  ///   - numbers: Counts, best values, and similar numbers, by name.
  ///   - tensors: Weights, sums, and similar tensors, by name.
  public init(numbers: [String: Double] = [:], tensors: [String: Tensor] = [:]) {
    self.numbers = numbers
    self.tensors = tensors
  }

  /// Whether the state is empty.
  public var isEmpty: Bool { numbers.isEmpty && tensors.isEmpty }

  /// Adds another state under names that start with `prefix` and a slash.
  mutating func add(_ other: ResumableState, under prefix: String) {
    for (name, number) in other.numbers { numbers["\(prefix)/\(name)"] = number }
    for (name, tensor) in other.tensors { tensors["\(prefix)/\(name)"] = tensor }
  }

  /// Returns the state added under this prefix.
  func part(_ prefix: String) -> ResumableState {
    func inner<Value>(_ all: [String: Value]) -> [String: Value] {
      let own = all.filter { $0.key.hasPrefix(prefix + "/") }
      return Dictionary(uniqueKeysWithValues: own.map { (String($0.key.dropFirst(prefix.count + 1)), $0.value) })
    }
    return ResumableState(numbers: inner(numbers), tensors: inner(tensors))
  }
}

/// Checks for states from files, which may contain anything.
extension ResumableState {
  /// The largest count that can be restored. Up to this value, a `Double` is exact, and additions never overflow.
  package static let largestCount = 1 << 53

  /// Returns the count with this name; 0 if there is none.
  /// - Throws: `TrainingError.state` for a number that is not a valid count.
  func count(_ name: String) throws -> Int {
    let number = numbers[name] ?? 0
    guard let count = Int(exactly: number), (0...ResumableState.largestCount).contains(count) else {
      throw TrainingError.state(reason: "\(name) is \(number), not a count from 0 to 2^53")
    }
    return count
  }

  /// Returns the tensor with this name; nil if there is none.
  /// - Throws: `TrainingError.state` if its shape is not `expected`, or its elements are not floating-point numbers.
  func tensor(_ name: String, expected: String, where fits: ([Int]) -> Bool) throws -> Tensor? {
    guard let tensor = tensors[name] else { return nil }
    guard tensor.dtype.isFloatingPoint, fits(tensor.shape) else {
      throw TrainingError.state(
        reason: "\(name) has elements of \(tensor.dtype) and the shape \(tensor.shape), not floats of \(expected)")
    }
    return tensor
  }

  /// Returns the sum with this name, a scalar tensor; nil if there is none.
  func sum(_ name: String) throws -> Tensor? { try tensor(name, expected: "[]") { $0.isEmpty } }
}
