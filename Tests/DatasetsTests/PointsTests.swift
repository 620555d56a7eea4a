import NeuralNetworks
import Testing

@testable import Datasets

@Suite struct PointsTests {
  func points(_ data: TensorDataset) throws -> [(x: Double, y: Double, label: Int)] {
    let values = try data.inputs.scalars().map(Double.init)
    let labels = try data.targets.scalars(as: Int32.self).map(Int.init)
    #expect(data.inputs.shape == [labels.count, 2])
    return labels.indices.map { (values[2 * $0], values[2 * $0 + 1], labels[$0]) }
  }

  func radius(_ x: Double, _ y: Double) -> Double { (x * x + y * y).squareRoot() }

  @Test func shapesWithoutNoise() throws {
    for point in try points(Points.circles(200, noise: 0)) {
      let expected = point.label == 0 ? 1 : 0.5
      #expect(abs(radius(point.x, point.y) - expected) < 1e-6)
    }
    for point in try points(Points.moons(200, noise: 0)) {
      let (x, y) = point.label == 0 ? (point.x, point.y) : (point.x - 1, point.y - 0.5)
      #expect(abs(radius(x, y) - 1) < 1e-6)
      #expect(point.label == 0 ? y >= 0 : y <= 0)
    }
    for point in try points(Points.xor(200)) {
      let differ = (point.x < 0) != (point.y < 0)
      #expect(differ == (point.label == 1))
      #expect(abs(point.x) <= 1 && abs(point.y) <= 1)
    }
    #expect(try points(Points.xor(400)).count { $0.x < 0 } > 150)
    for point in try points(Points.spirals(300, noise: 0)) { #expect(radius(point.x, point.y) < 1) }
  }

  @Test func cloudsHaveTheirCentersAndDeviation() throws {
    let all = try points(Points.blobs(6000, classes: 2, deviation: 0.5, radius: 3))
    for label in 0..<2 {
      let own = all.filter { $0.label == label }
      #expect(own.count == 3000)
      let center = label == 0 ? 3.0 : -3.0
      let x = own.map(\.x).reduce(0, +) / 3000
      let y = own.map(\.y).reduce(0, +) / 3000
      #expect(abs(x - center) < 0.05 && abs(y) < 0.05)
      let squares = own.map { ($0.x - x) * ($0.x - x) }
      let variance = squares.reduce(0, +) / 3000
      #expect(abs(variance.squareRoot() - 0.5) < 0.03)
    }
  }

  @Test func theSeedDecidesAndPrefixesAgree() throws {
    let long = try Points.spirals(100, seed: 5).inputs.scalars()
    #expect(try Points.spirals(40, seed: 5).inputs.scalars() == Array(long[..<80]))
    #expect(try Points.spirals(100, seed: 6).inputs.scalars() != long)
  }
}
