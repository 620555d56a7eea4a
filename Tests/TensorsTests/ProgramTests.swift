import Tensors
import Testing

/// Small programs as users write them, on every device.
@Suite struct ProgramTests {
  /// Common kinds of expressions in one function: the API compiles quickly, and everything runs.
  @Test(arguments: TestDevices.all)
  func expressions(_ device: Device) throws {
    let random = RandomStream(seed: 1)
    let a = Tensor([1, 2, 3, 4, 5, 6], shape: [2, 3], on: device)
    let b = Tensor([1, 2, 3], on: device), labels = Tensor(integers: [0, 2, 1], on: device)
    let noise = Tensor.normal([2, 3], deviation: 0.1, using: random, on: device)
    let sigma = 0.3, n = 3
    var x = 0.5 * a + b / n - a * sigma + noise + .zeros([2, 3], on: device)
    x += 1
    let gelu = 0.5 * x * (1 + (0.7978846 * (x + 0.044715 * x * x * x)).tanh())
    let mask = (x .> 0) .& (x .< 2) .| .!(x .== 0.5)
    let y = x.replacing(with: 0, where: mask)
    let row = x[0], last = x[-1]
    x[1] += row
    let s = x.sum(axis: 1, keepingRank: true) + x.mean() + x.max(axes: [0, 1])
    let p = Tensor.concatenated([x, y], axis: 1).reshaped([-1, 2]).permuted([1, 0]).transposed()
    let q = x.matmul(a, transposingRight: true) + Tensor.stacked([row, last])[.all, ..<2]
    let picked = a.gathered(labels, axis: 1), hot = labels.oneHot(classes: 3)
    for result in [gelu, y, s, p, q, picked, hot] { #expect(try result.isFinite().all().item() == 1) }
    #expect([gelu, s, p, q, hot].map(\.shape) == [[2, 3], [2, 1], [6, 2], [2, 2], [3, 3]])
    try expect(picked, [1, 3, 2, 4, 6, 5])
  }

  /// Gradient descent on a linear model finds the weights that generated the data.
  @Test(arguments: TestDevices.all)
  func linearRegression(_ device: Device) throws {
    let random = RandomStream(seed: 4)
    let truth = Tensor([2, -3, 0.5], on: device)
    let x = Tensor.normal([64, 3], using: random, on: device)
    let y = x.matmul(truth) + 0.25
    var w = Tensor.zeros([3], on: device), b = Tensor(0, on: device)
    for _ in 0..<200 {
      let (_, (dw, db)) = valueAndGradient(at: w, b) { w, b in (x.matmul(w) + b - y).squared().mean() }
      w -= 0.1 * dw
      b -= 0.1 * db
    }
    try expect(w, [2, -3, 0.5], tolerance: 1e-3)
    try expect(b, [0.25], tolerance: 1e-3)
  }

  /// A network with one hidden layer learns exclusive or.
  @Test(arguments: TestDevices.all)
  func exclusiveOr(_ device: Device) throws {
    let random = RandomStream(seed: 2)
    let x = Tensor([0, 0, 0, 1, 1, 0, 1, 1], shape: [4, 2], on: device)
    let labels = Tensor(integers: [0, 1, 1, 0], on: device)
    var p = [
      Tensor.normal([2, 8], using: random, on: device), .zeros([8], on: device),
      Tensor.normal([8, 2], deviation: 0.5, using: random, on: device), .zeros([2], on: device),
    ]
    func logits(_ p: [Tensor]) -> Tensor { (x.matmul(p[0]) + p[1]).tanh().matmul(p[2]) + p[3] }
    for _ in 0..<300 {
      let (_, gradients) = valueAndGradient(at: p) { p in
        -logits(p).logSoftmax().gathered(labels.expanded(axis: 1), axis: 1).mean()
      }
      for (index, gradient) in gradients.enumerated() { p[index] -= 0.5 * gradient }
    }
    #expect(try logits(p).argmax().scalars(as: Int32.self) == [0, 1, 1, 0])
  }

  /// Newton's method with a second derivative from nested calls.
  @Test(arguments: TestDevices.all)
  func newton(_ device: Device) throws {
    var x = Tensor(3, on: device)
    for _ in 0..<8 {
      let (gradient, curvature) = valueAndGradient(at: x) { x in
        valueAndGradient(at: x) { x in x.power(4) / 4 - 2 * x }.gradient
      }
      x -= gradient / curvature
    }
    try expect(x, [1.2599210498948732], tolerance: 1e-5)  // ∛2
  }
}
