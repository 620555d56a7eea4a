import NeuralNetworks

/// Uniform random numbers from 0 to 1 on the host, drawn in batches.
struct RandomNumbers {
  private let random: RandomStream
  private var numbers: ArraySlice<Double> = []

  init(seed: UInt64) { random = RandomStream(seed: seed) }

  mutating func next() -> Double {
    if numbers.isEmpty {
      numbers = ((try? Tensor.uniform([4096], in: 0..<1, using: random).scalars(as: Double.self)) ?? [0.5])[...]
    }
    return numbers.removeFirst()
  }

  /// A random index into a list of weights with sum 1, with probabilities equal to the weights.
  mutating func pick(_ weights: [Double]) -> Int {
    var rest = next()
    for (index, weight) in weights.enumerated() {
      rest -= weight
      if rest < 0 { return index }
    }
    return weights.count - 1
  }
}
