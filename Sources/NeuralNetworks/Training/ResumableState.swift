/// What a callback or a metric keeps from step to step, in a form that can be saved.
public struct ResumableState: Sendable {
  /// Counts, best values and the like, by name.
  public var numbers: [String: Double]
  /// Weights, sums and the like, by name.
  public var tensors: [String: Tensor]

  public init(numbers: [String: Double] = [:], tensors: [String: Tensor] = [:]) {
    self.numbers = numbers
    self.tensors = tensors
  }

  /// True when there is nothing in it.
  public var isEmpty: Bool { numbers.isEmpty && tensors.isEmpty }

  /// Takes up another state under names that begin with `prefix` and a slash.
  mutating func add(_ other: ResumableState, under prefix: String) {
    for (name, number) in other.numbers { numbers["\(prefix)/\(name)"] = number }
    for (name, tensor) in other.tensors { tensors["\(prefix)/\(name)"] = tensor }
  }

  /// What was taken up under this prefix.
  func part(_ prefix: String) -> ResumableState {
    func inner<Value>(_ all: [String: Value]) -> [String: Value] {
      let own = all.filter { $0.key.hasPrefix(prefix + "/") }
      return Dictionary(uniqueKeysWithValues: own.map { (String($0.key.dropFirst(prefix.count + 1)), $0.value) })
    }
    return ResumableState(numbers: inner(numbers), tensors: inner(tensors))
  }
}
