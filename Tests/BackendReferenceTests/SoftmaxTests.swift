import BackendCore
import BackendReference
import Testing

/// Compares softmax and cross-entropy with PyTorch's numbers in float64 and with finite differences.
@Suite struct SoftmaxTests {
  let backend = ReferenceBackend()
  static let logits = [2.0, -1.0, 0.5, 0.1, 0.2, 0.3]

  @Test func knownValues() throws {
    let x = try buffer([1, 2, 3, -1, 0, 100])
    let y = try result(6)
    try backend.softmax(x, rows: 2, columns: 3, logarithmic: false, into: y)
    #expect(
      agree(
        try values(y),
        [0.09003057317038045, 0.2447284710547976, 0.6652409557748218, 1.368539471173853e-44, 3.720075976020836e-44, 1]
      ))
    try backend.softmax(x, rows: 2, columns: 3, logarithmic: true, into: y)
    #expect(
      agree(try values(y), [-2.4076059644443806, -1.4076059644443804, -0.4076059644443804, -101, -100, 0]))
  }

  @Test(arguments: [false, true])
  func gradientAgreesWithDifferences(_ logarithmic: Bool) throws {
    let (rows, columns) = (3, 5)
    let x = numbers(rows * columns, seed: 8)
    let dy = numbers(rows * columns, seed: 9)
    func evaluate(_ x: [Double]) throws -> [Double] {
      let y = try result(x.count)
      try backend.softmax(try buffer(x), rows: rows, columns: columns, logarithmic: logarithmic, into: y)
      return try values(y)
    }
    let expected = try x.indices.map { place in
      var (above, below) = (x, x)
      above[place] += 1e-6
      below[place] -= 1e-6
      let change = zip(try evaluate(above), try evaluate(below)).map { ($0 - $1) / 2e-6 }
      return zip(change, dy).reduce(0) { $0 + $1.0 * $1.1 }
    }
    let dx = try result(x.count)
    try backend.softmaxGradient(
      try buffer(dy), try buffer(evaluate(x)), rows: rows, columns: columns, logarithmic: logarithmic, into: dx)
    #expect(agree(try values(dx), expected, to: 1e-8))
  }

  struct CrossEntropy: Sendable {
    let smoothing: Double
    let labels: [Double]
    let ignored: Int32?
    let loss: [Double]
    let gradient: [Double]
  }

  @Test(arguments: [
    CrossEntropy(
      smoothing: 0, labels: [0, 2], ignored: nil, loss: [0.24131129665715703, 1.001942848229244],
      gradient: [
        -0.21440296541072412, 0.03911257327068745, 0.1752903921400367, 0.30060960535572734, 0.33222499353334733,
        -0.6328345988890745,
      ]),
    CrossEntropy(
      smoothing: 0.1, labels: [0, 2], ignored: nil, loss: [0.391311296657157, 1.011942848229244],
      gradient: [
        -0.14773629874405747, 0.0057792399373541165, 0.14195705880670337, 0.267276272022394, 0.298891660200014,
        -0.5661679322224078,
      ]),
    CrossEntropy(
      smoothing: 1, labels: [0, 2], ignored: nil, loss: [1.7413112966571571, 1.101942848229244],
      gradient: [
        0.45226370125594256, -0.29422076006264586, -0.15804294119329662, -0.032723727977605976, -0.00110833979998598,
        0.03383206777759218,
      ]),
    CrossEntropy(
      smoothing: 0.1, labels: [-100, 1], ignored: -100, loss: [0, 1.101942848229244],
      gradient: [0, 0, 0, 0.267276272022394, -0.601108339799986, 0.33383206777759217]),
    CrossEntropy(
      smoothing: 0, labels: [0, 7], ignored: -100, loss: [0.24131129665715703, .nan],
      gradient: [-0.21440296541072412, 0.03911257327068745, 0.1752903921400367, .nan, .nan, .nan]),
  ])
  func crossEntropy(_ expected: CrossEntropy) throws {
    let loss = try result(2)
    let gradient = try result(6)
    try backend.softmaxCrossEntropy(
      try buffer(Self.logits), labels: try buffer(expected.labels, .int32), rows: 2, columns: 3,
      smoothing: expected.smoothing, ignoredLabel: expected.ignored, gradientScale: 1, loss: loss, gradient: gradient)
    #expect(agree(try values(loss), expected.loss))
    #expect(agree(try values(gradient), expected.gradient))
  }

  /// A probability that underflows costs nothing elsewhere, but everything at the label.
  @Test func vanishedProbabilities() throws {
    let loss = try result(2)
    try backend.softmaxCrossEntropy(
      try buffer([1, -.infinity, 1, -.infinity]), labels: try buffer([0, 1], .int32), rows: 2, columns: 2,
      smoothing: 0, ignoredLabel: nil, gradientScale: 1, loss: loss, gradient: nil)
    #expect(try values(loss) == [0, .infinity])
  }
}
