import BackendCore
import Tensors

/// A random chain of operations determined by a seed. It is the same on every device, because it depends only on the
/// seed and on shapes. It keeps its numbers small, so that one tolerance is sufficient, and every operation in it has a
/// gradient.
struct RandomProgram {
  let seed: UInt64
  /// The operations, for investigating a difference.
  private(set) var log: [String] = []
  private var state: UInt64
  private var pool: [Tensor] = []

  /// The initial numbers of every program.
  static let inputCount = 48

  init(seed: UInt64) {
    self.seed = seed
    state = seed &* 0x9e37_79b9_7f4a_7c15 | 1
  }

  /// The input numbers of this program: distinct, and not at a kink.
  var inputs: [Float] {
    (0..<Self.inputCount).map { index in
      let position = Double(index + 1) * 0.6180339887498949 + Double(seed % 1009) * 0.2873
      return Float((position - position.rounded(.down)) * 2 - 1.013)
    }
  }

  /// The mean square of all results of the program.
  mutating func run(_ x: Tensor) -> Tensor {
    start(x)
    for _ in 0..<draw(8...20) { step() }
    return pool.map { $0.squared().mean() }.reduce(x.constant(0)) { $0 + $1 }
  }

  /// Three tensors of random shapes, made from the input.
  private mutating func start(_ x: Tensor) {
    for _ in 0..<3 {
      let shape = pick([[], [1], [7], [3, 5], [4, 1], [2, 3, 4], [1, 6], [2, 2, 3, 2], [1, 2, 1, 3, 2]])
      let count = shape.reduce(1, *)
      let first = draw(0...(Self.inputCount - count))
      pool.append(x[first..<(first + count)].reshaped(shape))
      log.append("input \(shape)")
    }
  }

  private mutating func step() {
    let x = pool[draw(0...(pool.count - 1))]
    let (name, y) = operate(x)
    log.append("\(name) \(x.shape) -> \(y.shape)")
    let kept = y.count > 512 || y.count == 0 ? y.sum() * (1.0 / 64) : y
    // Numbers stay small, and every value affects the result.
    pool[draw(0...(pool.count - 1))] = draw(0...2) == 0 ? kept.tanh() : kept * 0.75
  }

  private mutating func operate(_ x: Tensor) -> (String, Tensor) {
    switch draw(0...9) {
    case 0, 1: elementwise(x)
    case 2, 3: pairwise(x)
    case 4: product(x)
    case 5: reduction(x)
    case 6: rearrangement(x)
    case 7: resizing(x)
    case 8: alongAnAxis(x)
    default: indexing(x)
    }
  }

  private mutating func elementwise(_ x: Tensor) -> (String, Tensor) {
    switch draw(0...11) {
    case 0: ("tanh", x.tanh())
    case 1: ("sigmoid", x.sigmoid())
    case 2: ("sin", x.sin())
    case 3: ("gelu", x.gelu())
    case 4: ("softplus", x.softplus())
    case 5: ("silu", x.silu())
    case 6: ("exp", (-x.magnitude()).exp())
    case 7: ("log", (1 + x.squared()).log())
    case 8: ("square root", (0.5 + x.squared()).squareRoot())
    case 9: ("elu", x.elu())
    case 10: ("leaky relu", x.leakyReLU(0.1))
    default: ("power", (0.5 + x.squared()).power(1.5).tanh())
    }
  }

  private mutating func pairwise(_ x: Tensor) -> (String, Tensor) {
    var other = pool[draw(0...(pool.count - 1))]
    if !x.broadcasts(to: other) { other = other.mean() }
    return switch draw(0...5) {
    case 0: ("add", x + other)
    case 1: ("subtract", other - x)
    case 2: ("multiply", x * other)
    case 3: ("divide", x / (1 + other.squared()))
    case 4: ("maximum", x.maximum(other * 0.9 + 0.05))
    default: ("where", x.replacing(with: 0.25, where: (x * 1.0 + other) .> 0.3))
    }
  }

  private mutating func product(_ x: Tensor) -> (String, Tensor) {
    let matrix = x.rank < 2 ? x.reshaped([1, x.count]) : x
    let scale = 1 / Double(Swift.max(matrix.shape[matrix.rank - 1], 1))
    if draw(0...1) == 0 { return ("x·xᵀ", matrix.matmul(matrix, transposingRight: true) * scale) }
    let other = pool[draw(0...(pool.count - 1))]
    guard other.rank == 2, other.shape[0] == matrix.shape[matrix.rank - 1] else {
      let rows = 1 / Double(Swift.max(matrix.shape[matrix.rank - 2], 1))
      return ("xᵀ·x", matrix.matmul(matrix, transposingLeft: true) * rows)
    }
    return ("x·y", matrix.matmul(other) * scale)
  }

  private mutating func reduction(_ x: Tensor) -> (String, Tensor) {
    let axes = (0..<x.rank).filter { _ in draw(0...1) == 0 }
    let keeps = draw(0...1) == 0
    return switch draw(0...4) {
    case 0: ("sum over \(axes)", x.sum(axes: axes, keepingRank: keeps) * 0.25)
    case 1: ("mean over \(axes)", x.mean(axes: axes, keepingRank: keeps))
    case 2: ("max over \(axes)", x.max(axes: axes, keepingRank: keeps))
    case 3: ("min over \(axes)", x.min(axes: axes, keepingRank: keeps))
    default: ("log-sum-exp over \(axes)", x.logSumExp(axes: axes, keepingRank: keeps))
    }
  }

  private mutating func rearrangement(_ x: Tensor) -> (String, Tensor) {
    guard x.rank > 0 else { return ("expand", x.expanded(axis: 0)) }
    var axes = Array(0..<x.rank)
    for i in axes.indices.dropFirst() { axes.swapAt(i, draw(0...i)) }
    return switch draw(0...3) {
    case 0: ("permute \(axes)", x.permuted(axes))
    case 1: ("flip", x.flipped(axis: axes[0]))
    case 2: ("flatten", x.flattened())
    default: x.rank < 6 ? ("expand", x.expanded(axis: axes[0])) : ("flatten", x.flattened())
    }
  }

  private mutating func resizing(_ x: Tensor) -> (String, Tensor) {
    guard x.rank > 0 else { return ("tile", x.expanded(axis: 0).tiled([3])) }
    let axis = draw(0...(x.rank - 1))
    let extent = x.shape[axis]
    switch draw(0...3) {
    case 0:
      let first = draw(0...Swift.max(extent - 1, 0))
      return ("slice from \(first)", x.split(sizes: [first, extent - first], axis: axis)[1])
    case 1:
      let widths = (0..<x.rank).map { ($0 == axis ? 1 : 0, $0 == axis ? 2 : 0) }
      return ("pad", x.padded(widths, with: 0.5))
    case 2: return ("concatenate", .concatenated([x, x * 0.5], axis: axis))
    default: return ("repeat", x.repeated(2, axis: axis))
    }
  }

  private mutating func alongAnAxis(_ x: Tensor) -> (String, Tensor) {
    guard x.rank > 0 else { return ("negate", -x) }
    let axis = draw(0...(x.rank - 1))
    return switch draw(0...3) {
    case 0: ("softmax over \(axis)", x.softmax(axis: axis))
    case 1: ("log-softmax over \(axis)", x.logSoftmax(axis: axis) * 0.25)
    case 2: ("running sum over \(axis)", x.cumulativeSum(axis: axis) * 0.25)
    default: ("variance over \(axis)", x.variance(axis: axis))
    }
  }

  private mutating func indexing(_ x: Tensor) -> (String, Tensor) {
    guard x.rank > 0, x.shape[0] > 0 else { return ("negate", -x) }
    let indices = (0..<draw(1...5)).map { _ in draw(0...(x.shape[0] - 1)) }
    let chosen = Tensor(integers: indices, on: x.device)
    guard draw(0...1) == 0 else { return ("rows at \(indices)", x.rows(at: chosen)) }
    let updates = x.rows(at: chosen) * 0.5
    return ("scatter to \(indices)", x.scatterAdded(updates, at: chosen))
  }

  // MARK: Draws

  private mutating func draw(_ range: ClosedRange<Int>) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return range.lowerBound + Int((state >> 33) % UInt64(range.count))
  }

  private mutating func pick<T>(_ choices: [T]) -> T { choices[draw(0...(choices.count - 1))] }
}

fileprivate extension Tensor {
  /// Whether the shapes are compatible under broadcasting.
  func broadcasts(to other: Tensor) -> Bool {
    zip(shape.reversed(), other.shape.reversed()).allSatisfy { $0 == $1 || $0 == 1 || $1 == 1 }
  }
}
