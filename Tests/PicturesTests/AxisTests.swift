import Testing

@testable import Pictures

@Suite struct AxisTests {
  @Test(arguments: [
    (0.0...1.0, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]), (0...10, ["0", "2", "4", "6", "8", "10"]),
    (-1.3...1.2, ["-1.0", "-0.5", "0", "0.5", "1.0"]), (0.93...0.97, ["0.93", "0.94", "0.95", "0.96", "0.97"]),
    (0...3e6, ["0", "1e6", "2e6", "3e6"]), (0...4e-5, ["0", "1e-5", "2e-5", "3e-5", "4e-5"]),
  ])
  func ticks(_ range: ClosedRange<Double>, _ expected: [String]) {
    let texts = Axis(range).ticks.map(\.text).map { $0 == "0.0" ? "0" : $0 }
    #expect(texts == expected.map { $0 == "0.0" ? "0" : $0 })
  }

  @Test func epochsAreWholeNumbers() {
    #expect(Axis(1...3, ticks: 6, wholeNumbers: true).ticks.map(\.text) == ["1", "2", "3"])
    #expect(Axis(1...100, ticks: 6, wholeNumbers: true).ticks.map(\.text) == ["20", "40", "60", "80", "100"])
    #expect(Axis(0.5...1.5, ticks: 6, wholeNumbers: true).ticks.map(\.text) == ["1"])
  }

  @Test func valuesOfManySizesAreLogarithmic() {
    let axis = Axis(around: [0.001, 0.1, 10])
    #expect(axis.scale == .logarithmic)
    #expect(axis.ticks.map(\.value).count >= 4)
    #expect(abs(axis.fraction(0.1) - 0.5) < 1e-9)
    #expect(Axis(around: [0.5, 1]).scale == .linear)
    #expect(Axis(around: [-1, 100]).scale == .linear)
  }

  @Test(arguments: [
    [], [0], [3, 3], [.nan, .infinity], [1e-300, 1e300], [-1e300, 1e300], [1e15, 1e15 + 1], [-1e308, 1e308],
    [1, 1.7e308],
    [1e30, 1e30], [.leastNormalMagnitude, 1], [.leastNonzeroMagnitude, 1], [.leastNonzeroMagnitude, 0x1p-1030],
    [.leastNonzeroMagnitude, .leastNonzeroMagnitude], [-0x1p-1063, 0x1p-1046], [.leastNonzeroMagnitude, 1e-296],
  ])
  func strangeValuesHaveAnAxis(_ values: [Double]) {
    let axis = Axis(around: values)
    #expect(axis.range.lowerBound < axis.range.upperBound && axis.ticks.count < 100)
    for value in values where value.isFinite { #expect((-0.01...1.01).contains(axis.fraction(value))) }
  }
}
