import NeuralNetworks

/// Expressions as a user writes them: literals, numbers with tensors, masks, indexing, reductions, products.
enum TensorPrograms {
  /// A polynomial by Horner's rule, on host numbers and on a tensor.
  static func polynomial(_ coefficients: [Double], at x: Tensor) -> Tensor {
    var result = Tensor.zeros(like: x)
    for coefficient in coefficients { result = result * x + coefficient }
    return result
  }

  /// Rows scaled to mean 0 and standard deviation 1.
  static func standardized(_ x: Tensor) -> Tensor {
    let mean = x.mean(axis: -1, keepingRank: true)
    let deviation = x.variance(axes: [-1], keepingRank: true).squareRoot()
    return (x - mean) / (deviation + 1e-6)
  }

  /// The distances between all pairs of rows, `[a, b]`.
  static func distances(_ a: Tensor, _ b: Tensor) -> Tensor {
    let difference = a.expanded(axis: 1) - b.expanded(axis: 0)
    return difference.squared().sum(axis: 2).squareRoot()
  }

  /// Values outside a range are clamped to its bounds, and their positions are counted.
  static func winsorized(_ x: Tensor, _ bound: Double) -> (values: Tensor, outside: Tensor) {
    let high = x .> bound
    let low = x .< -bound
    let values = x.replacing(with: bound, where: high).replacing(with: -bound, where: low)
    let outside = Tensor.zeros(like: x).replacing(with: 1, where: high .| low)
    return (values, outside.sum())
  }

  /// A checkerboard, written through ranges and strides.
  static func checkerboard(_ size: Int, on device: Device) -> Tensor {
    var board = Tensor.zeros([size, size], on: device)
    for row in 0..<size {
      let start = row % 2
      for column in stride(from: start, to: size, by: 2) { board[row, column] = Tensor(1, on: device) }
    }
    return board
  }

  /// The ways to read a tensor, each as an array.
  static func views(_ x: Tensor) throws -> [[Float]] {
    let parts = [
      x[0], x[-1], x[.all, 1], x[0..<1, 1...], x[.ellipsis, ..<2], x[stride(from: 0, to: 3, by: 2), .all],
      x[.newAxis, 0...1].flattened(), x.transposed()[0], x.flipped(axis: 1)[0],
    ]
    return try parts.map { try $0.scalars() }
  }

  /// Rows selected by index, one-hot rows, and the classes recovered from them.
  static func indices(_ table: Tensor, _ choice: Tensor) throws -> (rows: [Float], classes: [Int32]) {
    let rows = table.gathered(choice, axis: 0)
    let classes = choice.oneHot(classes: table.shape[0]).argmax(axis: -1)
    return (try rows.scalars(), try classes.scalars(as: Int32.self))
  }

  /// Splitting and joining.
  static func roundTrip(_ x: Tensor) -> Tensor {
    let halves = x.split(parts: 2, axis: 1)
    let joined = Tensor.concatenated([halves[0], halves[1]], axis: 1)
    let stacked = Tensor.stacked([joined[0], joined[1], joined[2]])
    return stacked.permuted([1, 0]).transposed().reshaped([-1]).reshaped(x.shape)
  }
}
