import Tensors
import Testing

/// NumPy results: `@`, `einsum`.
@Suite struct MatmulTests {
  static func counting(_ shape: [Int], from start: Int = 0, on device: Device) -> Tensor {
    Tensor((0..<shape.reduce(1, *)).map { Float($0 + start) }, shape: shape, on: device)
  }

  @Test(arguments: TestDevices.all)
  func matrices(_ device: Device) throws {
    let a = MatmulTests.counting([2, 3], on: device)
    let b = MatmulTests.counting([3, 2], from: -2, on: device)
    let expected = [4.0, 7, 4, 16]
    try expect(a.matmul(b), expected, shape: [2, 2])
    try expect(a.transposed().matmul(b, transposingLeft: true), expected, shape: [2, 2])
    try expect(a.matmul(b.transposed(), transposingRight: true), expected, shape: [2, 2])
    let both = a.transposed().matmul(b.transposed(), transposingLeft: true, transposingRight: true)
    try expect(both, expected, shape: [2, 2])
  }

  @Test(arguments: TestDevices.all)
  func batches(_ device: Device) throws {
    let a = MatmulTests.counting([2, 2, 3], on: device)
    let b = MatmulTests.counting([3, 2], from: -2, on: device)
    let c = MatmulTests.counting([2, 3, 2], from: -5, on: device)
    let batched = [-5.0, -2, -32, -20, 67, 88, 94, 124]
    try expect(a.matmul(b), [4, 7, 4, 16, 4, 25, 4, 34], shape: [2, 2, 2])
    try expect(a.matmul(c), batched, shape: [2, 2, 2])
    try expect(a.transposed().matmul(c, transposingLeft: true), batched)
    try expect(a.matmul(c.transposed(), transposingRight: true), batched)
    let one = MatmulTests.counting([2, 3], on: device)
    try expect(one.matmul(c), [-5, -2, -32, -20, 13, 16, 40, 52], shape: [2, 2, 2])
    let full = a.reshaped([2, 1, 2, 3]).matmul(c)
    let expected = [-5.0, -2, -32, -20, 13, 16, 40, 52, -59, -38, -86, -56, 67, 88, 94, 124]
    try expect(full, expected, shape: [2, 2, 2, 2])
  }

  @Test(arguments: TestDevices.all)
  func vectors(_ device: Device) throws {
    let a = MatmulTests.counting([2, 3], on: device)
    let v = Tensor([1, 2, 3], on: device)
    let w = Tensor([1, -1], on: device)
    try expect(a.matmul(v), [8, 26], shape: [2])
    try expect(w.matmul(a), [-3, -3, -3], shape: [3])
    try expect(v.matmul(v), [14], shape: [])
    try expect(a.matmul(w, transposingLeft: true), [-3, -3, -3], shape: [3])
    try expect(v.matmul(a, transposingRight: true), [8, 26], shape: [2])
    let batch = MatmulTests.counting([2, 2, 3], on: device)
    try expect(batch.matmul(v), [8, 26, 44, 62], shape: [2, 2])
    try expect(w.matmul(batch), [-3, -3, -3, -3, -3, -3], shape: [2, 3])
  }

  @Test(arguments: TestDevices.all)
  func emptyOperands(_ device: Device) throws {
    try expect(Tensor.zeros([2, 0], on: device).matmul(.zeros([0, 2], on: device)), [0, 0, 0, 0], shape: [2, 2])
    #expect(Tensor.zeros([0, 3], on: device).matmul(.zeros([3, 2], on: device)).shape == [0, 2])
  }

  @Test(arguments: TestDevices.all)
  func integers(_ device: Device) throws {
    func integers(_ numbers: [Int], _ shape: [Int]) -> Tensor { Tensor(integers: numbers, shape: shape, on: device) }
    let a = integers([1, 2, 3, 4, 5, 6], [2, 3]), b = integers([1, 0, -1, 2, 0, 1], [3, 2])
    #expect(try a.matmul(b).scalars(as: Int32.self) == [-1, 7, -1, 16])
    #expect(try b.matmul(a, transposingLeft: true, transposingRight: true).scalars(as: Int32.self) == [-1, -1, 7, 16])
    #expect(try a.matmul(integers([1, 1, 2], [3])).scalars(as: Int32.self) == [9, 21])
    #expect(try Tensor.einsum("ij,kj->ik", a, a).scalars(as: Int32.self) == [14, 32, 32, 77])
    #expect(try Tensor.einsum("i,i->", [a[0], a[1]]).scalars(as: Int32.self) == [32])
    let large = integers([1 << 20, 3], [1, 2])
    #expect(try large.matmul(large, transposingRight: true).scalars(as: Int32.self) == [9])  // 2⁴⁰ + 9, wrapped around
    #expect(a.matmul(Tensor.zeros([4, 3, 2], dtype: .int32, on: device)).shape == [4, 2, 2])
    #expect(try integers([], [2, 0]).matmul(integers([], [0, 2])).scalars(as: Int32.self) == [0, 0, 0, 0])
    // More columns than are multiplied at once. Float32 represents the sums exactly.
    let digits = (0..<192_000).map { ($0 * 7919) % 19 - 9 }
    let (wide, tall) = (integers(digits, [64, 3000]), integers(digits.reversed(), [3000, 64]))
    let exact = wide.cast(to: .float32).matmul(tall.cast(to: .float32))
    #expect(try wide.matmul(tall).scalars(as: Int32.self) == exact.scalars().map { Int32($0) })
  }

  @Test(arguments: TestDevices.all)
  func einsum(_ device: Device) throws {
    let a = MatmulTests.counting([2, 2, 3], on: device)
    let c = MatmulTests.counting([2, 3, 2], from: -5, on: device)
    let x = MatmulTests.counting([2, 3], on: device)
    try expect(.einsum("bij,bjk->bki", a, c), [-5, -32, -2, -20, 67, 94, 88, 124], shape: [2, 2, 2])
    try expect(.einsum("ij,ij->i", x, x), [5, 50], shape: [2])
    try expect(.einsum("ijk->kji", a), [0, 6, 3, 9, 1, 7, 4, 10, 2, 8, 5, 11], shape: [3, 2, 2])
    try expect(.einsum("ij, kj", x, x), [5, 14, 14, 50], shape: [2, 2])
    try expect(.einsum("ji", x), [0, 3, 1, 4, 2, 5], shape: [3, 2])
    try expect(.einsum("ij->", x), [15], shape: [])
    try expect(.einsum("i,j->ij", Tensor([1, 2], on: device), Tensor([3, 4], on: device)), [3, 4, 6, 8])
    let square = MatmulTests.counting([3, 3], on: device)
    try expect(.einsum("ii", square), [12], shape: [])
    try expect(.einsum("ii->i", square), [0, 4, 8], shape: [3])
    try expect(.einsum("...ij->...ji", a), [0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11], shape: [2, 3, 2])
    let v = Tensor([1, 0, -1], on: device)
    try expect(.einsum("...i,i->...", a, v), [-2, -2, -2, -2], shape: [2, 2])
    try expect(
      .einsum("...ij,...jk->...ik", a.expanded(axis: 1), c),
      [
        -5, -2, -32, -20, 13, 16, 40, 52, -59, -38, -86, -56, 67, 88, 94, 124,
      ], shape: [2, 2, 2, 2])
  }
}

/// NumPy results, computed from the formulas.
@Suite struct SoftmaxTests {
  static let numbers: [Float] = [1, 2, 3, 1, 2, -1]

  @Test(arguments: TestDevices.all)
  func softmax(_ device: Device) throws {
    let x = Tensor([0, 1, 2], shape: [1, 3], on: device)
    let expected = [0.09003057317038046, 0.24472847105479764, 0.6652409557748219]
    try expect(x.softmax(), expected, shape: [1, 3])
    try expect(x.transposed().softmax(axis: 0), expected, shape: [3, 1])
    try expect((x * 1000).softmax(), [0, 0, 1])
    let z = Tensor(SoftmaxTests.numbers, shape: [2, 3], on: device)
    try expect(
      z.logSoftmax(),
      [
        -2.40760596444438, -1.4076059644443801, -0.40760596444438013, -1.3490122167681866, -0.3490122167681866,
        -3.3490122167681866,
      ])
    let ln2 = 0.6931471805599454
    try expect(z.logSoftmax(axis: 0), [-ln2, -ln2, -0.018149927917809894, -ln2, -ln2, -4.0181499279178094])
  }

  @Test(arguments: TestDevices.all)
  func crossEntropy(_ device: Device) throws {
    let z = Tensor(SoftmaxTests.numbers, shape: [2, 3], on: device)
    let labels = Tensor(integers: [2, 0], on: device)
    let loss = z.softmaxCrossEntropy(labels: labels, smoothing: 0, ignoredLabel: nil)
    try expect(loss, [0.40760596444438013, 1.3490122167681866], shape: [2])
    let smoothed = z.softmaxCrossEntropy(labels: labels, smoothing: 0.1, ignoredLabel: nil)
    try expect(smoothed, [0.5076059644443801, 1.38234555010152])
    let odd = Tensor(integers: [7, -100], on: device)
    try expect(z.softmaxCrossEntropy(labels: odd, smoothing: 0, ignoredLabel: -100), [.nan, 0])
  }
}
