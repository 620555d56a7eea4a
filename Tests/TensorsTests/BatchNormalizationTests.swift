import TestSupport
import Testing

@testable import Tensors

/// Batch normalization in one rule, against the rules of its operations, which nested scopes record.
@Suite struct BatchNormalizationTests {
  private struct Gradients {
    let x, weight, bias: [Double]
  }

  private func gradients(_ factor: Double, isNested: Bool, on device: Device) throws -> Gradients {
    let stream = RandomStream(seed: 1)
    let x = (Tensor.normal([6, 3, 5], using: stream) * factor).moved(to: device)
    let weight = Tensor([0.5, -2, 3], shape: [3, 1], on: device), bias = Tensor([1, 0, -1], shape: [3, 1], on: device)
    let weights = Tensor.normal([6, 3, 5], using: RandomStream(seed: 2)).moved(to: device)
    func loss(_ x: Tensor, _ weight: Tensor, _ bias: Tensor) -> Tensor {
      let y = x.batchNormalized(weight: weight, bias: bias, epsilon: 1e-5).y
      return (y * weights + y.squared() * weights).sum()
    }
    func all() -> [Tensor] {
      [
        valueAndGradient(at: x) { loss($0, weight, bias) }.gradient,
        valueAndGradient(at: weight) { loss(x, $0, bias) }.gradient,
        valueAndGradient(at: bias) { loss(x, weight, $0) }.gradient,
      ]
    }
    var found: [Tensor] = []
    if isNested {
      _ = valueAndGradient(at: Tensor(0, on: device)) { zero in
        found = all().map { $0.detached() }
        return zero
      }
    } else {
      found = all()
    }
    let numbers = try found.map { try $0.scalars(as: Double.self) }
    return Gradients(x: numbers[0], weight: numbers[1], bias: numbers[2])
  }

  @Test(arguments: TestDevices.all, [1, 1e20, 1e-3])
  func gradientsEqualThoseOfTheComposition(_ device: Device, _ factor: Double) throws {
    let expected = try gradients(factor, isNested: true, on: TestDevices.reference)
    let found = try gradients(factor, isNested: false, on: device)
    for (found, expected) in [(found.x, expected.x), (found.weight, expected.weight), (found.bias, expected.bias)] {
      let scale = expected.reduce(0) { max($0, $1.magnitude) }
      #expect(scale > 0)
      for (a, b) in zip(found, expected) { #expect((a - b).magnitude <= 2e-5 * scale) }
    }
  }

  /// A weight without an input that needs a gradient, and an input alone.
  @Test func gradientsOfOneOperand() throws {
    let x = Tensor([1, 2, 3, 5], shape: [4, 1])
    let weight = valueAndGradient(at: Tensor([1], shape: [1])) { weight in
      (x.batchNormalized(weight: weight, bias: nil, epsilon: 0).y * Tensor([0, 0, 0, 1], shape: [4, 1])).sum()
    }.gradient
    // (5 − 2.75)/√2.1875
    #expect(abs(try weight.item() - 1.5212777) < 1e-5)
    let dx = valueAndGradient(at: x) { x in x.batchNormalized(weight: nil, bias: nil, epsilon: 0).y.squared().sum() }
    // Σy² is n whatever x is.
    for element in try dx.gradient.scalars() { #expect(element.magnitude < 1e-5) }
  }
}
