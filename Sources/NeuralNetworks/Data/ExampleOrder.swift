import BackendCore

/// The order in which the examples of a dataset are used.
struct ExampleOrder: Sendable {
  let count: Int
  /// The permutation; nil for the order of the dataset.
  private let permutation: [Int32]?

  /// - Parameter source: The source that determines the permutation; nil for the order of the dataset.
  init(count: Int, source: RandomSource?) {
    self.count = count
    permutation = source.map { ExampleOrder.permutation(count: count, source: $0) }
  }

  /// Returns the example at a position of the order.
  func index(at place: Int) -> Int { permutation.map { Int($0[place]) } ?? place }

  /// Returns the examples at a range of positions of the order.
  func indices(in range: Range<Int>) -> [Int] {
    guard let permutation else { return Array(range) }
    return permutation[range].map(Int.init)
  }

  /// Returns a Fisher-Yates shuffle with numbers from Philox, identical on every device and every machine.
  private static func permutation(count: Int, source: RandomSource) -> [Int32] {
    guard count <= Int(Int32.max) else {
      ProgrammerError.end("a dataset of \(count) examples cannot be shuffled; 2³¹ − 1 can")
    }
    var order = (0..<Int32(count)).map { $0 }
    guard count > 1 else { return order }
    order.withUnsafeMutableBufferPointer { order in
      var words = SIMD4<UInt32>()
      for draw in 0..<(count - 1) {
        if draw % 2 == 0 { words = source.block(draw / 2) }
        let bits = draw % 2 == 0 ? UInt64(words.x) << 32 | UInt64(words.y) : UInt64(words.z) << 32 | UInt64(words.w)
        let last = count - 1 - draw
        // The upper half of a 128-bit product: uniform in 0...last except for a bias below 2⁻³³.
        let other = Int(bits.multipliedFullWidth(by: UInt64(last + 1)).high)
        order.swapAt(last, other)
      }
    }
    return order
  }
}
