import Tensors
import Testing

/// Sums of very many numbers keep their precision on every device.
@Suite struct LongSumTests {
  private func isClose(_ found: Double, _ expected: Double, _ tolerance: Double = 1e-6) -> Bool {
    abs(found - expected) <= tolerance * abs(expected)
  }

  /// Of a million times 0.1: plain float32 is 0.96 % off at the end of the running sum.
  @Test(arguments: TestDevices.real)
  func sumsOfAMillionNumbersKeepTheirDigits(_ device: Device) throws {
    let n = 1_000_000
    let tenth = Double(Float(0.1)), x = Tensor.full([n], 0.1, on: device)
    let running = try x.cumulativeSum(axis: 0)[(-1)...].item()
    let back = try x.cumulativeSum(axis: 0, reversed: true)[..<1].item()
    #expect(isClose(Double(running), Double(n) * tenth) && isClose(Double(back), Double(n) * tenth))
    #expect(isClose(try Double(x.sum().item()), Double(n) * tenth))
    let columns = x.reshaped([n / 4, 4])
    for mean in try columns.mean(axis: 0).scalars(as: Double.self) { #expect(isClose(mean, tenth)) }
    for sum in try columns.cumulativeSum(axis: 0)[(-1)...].scalars(as: Double.self) {
      #expect(isClose(sum, Double(n / 4) * tenth))
    }
    let bias = Tensor.zeros([4], on: device)
    let gradient = valueAndGradient(at: bias) { (columns + $0).squared().mean() }.gradient
    for element in try gradient.scalars(as: Double.self) { #expect(isClose(element, tenth / 2)) }
    #expect(try Tensor.ones([17_825_792], on: device).cumulativeSum(axis: 0)[(-1)...].item() == 17_825_792)
  }

  /// Adjacent numbers: the sum is many times larger than their differences.
  @Test(arguments: TestDevices.real)
  func aMeanIsBetweenMinimumAndMaximum(_ device: Device) throws {
    let x = Tensor.uniform([1 << 22], in: 1e6..<(1e6 + 1), using: RandomStream(seed: 1), on: device)
    let numbers = try x.scalars(as: Double.self)
    let expected = numbers.reduce(0, +) / Double(numbers.count)
    // An ulp is 1/16 there.
    #expect(abs(try Double(x.mean().item()) - expected) <= 0.0625)
    for shape in [[1 << 20, 4], [1 << 11, 1 << 11], [4, 1 << 20]] {
      for axis in [0, 1] {
        let y = x.reshaped(shape)
        let (low, mean, high) = (y.min(axis: axis), y.mean(axis: axis), y.max(axis: axis))
        let isBetween = (mean .>= low) .& (mean .<= high)
        #expect(try isBetween.all().scalars(as: Double.self) == [1], "\(shape), axis \(axis)")
      }
    }
  }
}
