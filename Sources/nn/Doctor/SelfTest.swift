import HostSystem
import CommandSupport
import NeuralNetworks

/// A matrix product, a softmax, and a training step on a device, compared with plain loops in Double.
struct SelfTest {
  let device: Device

  /// Returns the results that differ from the expected numbers, with the largest difference; empty for a working
  /// device.
  /// - Throws: Errors of the device.
  func faults() throws -> [String] {
    try [("matrix product", product()), ("softmax", softmax()), ("training step", step())].compactMap { name, error in
      error <= 1e-4 ? nil : "\(name): off by \(error)"
    }
  }

  /// Reproducible numbers between −1 and 1.
  private func numbers(_ count: Int, _ seed: Int) -> [Double] {
    (0..<count).map { Double(Float(sin(Double($0 * 37 + seed * 101)))) }
  }

  private func tensor(_ values: [Double], _ shape: [Int]) -> Tensor {
    Tensor(values.map { Float($0) }, shape: shape, on: device)
  }

  /// The largest difference; infinite if a number is NaN.
  private func difference(_ found: Tensor, _ expected: [Double]) throws -> Double {
    try zip(found.scalars(as: Double.self), expected).map { $0.isFinite ? abs($0 - $1) : .infinity }.max() ?? .infinity
  }

  /// a·b of row-major matrices, in Double.
  private func product(_ a: [Double], _ b: [Double], _ rows: Int, _ inner: Int, _ columns: Int) -> [Double] {
    var result = [Double](repeating: 0, count: rows * columns)
    for row in 0..<rows {
      for k in 0..<inner {
        for column in 0..<columns {
          result[row * columns + column] += a[row * inner + k] * b[k * columns + column]
        }
      }
    }
    return result
  }

  private func product() throws -> Double {
    let (m, k, n) = (65, 127, 33)
    let (a, b) = (numbers(m * k, 1), numbers(k * n, 2))
    let found = tensor(a, [m, k]).matmul(tensor(b, [k, n]))
    // The error grows with the number of terms in a sum.
    return try difference(found, product(a, b, m, k, n)) / Double(k).squareRoot()
  }

  private func softmax() throws -> Double {
    let (rows, columns) = (17, 33)
    let x = numbers(rows * columns, 3).map { 10 * $0 }
    let expected = (0..<rows).flatMap { row -> [Double] in
      let powers = x[row * columns..<(row + 1) * columns].map { exp($0) }
      let total = powers.reduce(0, +)
      return powers.map { $0 / total }
    }
    return try difference(tensor(x, [rows, columns]).softmax(axis: -1), expected)
  }

  /// One step of gradient descent on the mean squared error (without the factor ½) of a linear layer:
  /// W −= rate·2/(n·m)·xᵀ(xW − t).
  private func step() throws -> Double {
    let (n, inputs, outputs, rate) = (16, 8, 3, 0.5)
    let (x, t, w) = (numbers(n * inputs, 4), numbers(n * outputs, 5), numbers(inputs * outputs, 6))
    let model = Sequential(inputShape: [inputs]) { Dense(outputs, useBias: false) }
    try model.build(inputShape: [inputs], on: device, seed: 1)
    guard let weight = model.parameters["0.weight"] else { return .infinity }
    weight.assign(tensor(w, [inputs, outputs]))
    let (input, target) = (tensor(x, [n, inputs]), tensor(t, [n, outputs]))
    let (_, gradients) = valueAndGradient(at: model) { model in
      Loss.meanSquaredError(model(input, .inference), target)
    }
    try Optimizer.sgd(learningRate: rate).update(model, with: gradients)
    let residual = zip(product(x, w, n, inputs, outputs), t).map { $0 - $1 }
    let transposed = (0..<inputs).flatMap { column in (0..<n).map { x[$0 * inputs + column] } }
    let gradient = product(transposed, residual, inputs, n, outputs)
    return try difference(
      weight.value, zip(w, gradient).map { $0 - rate * 2 / Double(n * outputs) * $1 })
  }
}
