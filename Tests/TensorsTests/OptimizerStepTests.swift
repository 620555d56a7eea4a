import BackendCore
import Tensors
import Testing

@Suite struct OptimizerStepTests {
  private func scalars(_ rate: Float, on device: Device, groups: Int = 1) -> Tensor {
    Tensor(
      Array(repeating: [rate, 1, .infinity, 0.1, 0.0316227766, 0, 0, 0], count: groups).flatMap { $0 }, on: device)
  }

  @Test(arguments: TestDevices.all)
  func stepsRunInPlace(_ device: Device) throws {
    var parameters = Tensor([1, 2, 3], on: device)
    var states: [Tensor] = [.zeros([3], on: device)]
    let storages = [ObjectIdentifier(parameters.storage), ObjectIdentifier(states[0].storage)]
    let gradients = Tensor([1, -1, 2], on: device)
    let step = OptimizerStep(rule: .sgd(momentum: 0.5, isNesterov: false), weightDecay: 0.1)
    for _ in 0..<2 {
      try applyOptimizerStep(
        step, parameters: &parameters, gradients: gradients, states: &states, scalars: scalars(0.1, on: device),
        group: 0)
    }
    // v₁ = g + 0.1·p; p₁ = p − 0.1·v₁; v₂ = v₁/2 + g + 0.1·p₁; p₂ = p₁ − 0.1·v₂.
    let expected = [1.0, 2, 3].enumerated().map { index, p in
      let g = [1.0, -1, 2][index]
      let v1 = g + 0.1 * p
      let p1 = p - 0.1 * v1
      return p1 - 0.1 * (v1 / 2 + g + 0.1 * p1)
    }
    try expect(parameters, expected)
    #expect([ObjectIdentifier(parameters.storage), ObjectIdentifier(states[0].storage)] == storages)
  }

  /// A slab with another reference is copied first.
  @Test(arguments: TestDevices.all)
  func keptParametersDoNotChange(_ device: Device) throws {
    var parameters = Tensor([1, 2], on: device)
    let kept = parameters
    var states: [Tensor] = [.zeros([2], on: device), .zeros([2], on: device)]
    let moments = states
    let step = OptimizerStep(rule: .adam(beta1: 0.9, beta2: 0.999, epsilon: 1e-8, isAMSGrad: false))
    try applyOptimizerStep(
      step, parameters: &parameters, gradients: Tensor([0.5, -2], on: device), states: &states,
      scalars: scalars(0.01, on: device, groups: 2), group: 1)
    // The first step of Adam changes a parameter by the learning rate.
    try expect(parameters, [0.99, 2.01], tolerance: 1e-5)
    try expect(kept, [1, 2])
    for moment in moments { try expect(moment, [0, 0]) }
    try expect(states[0], [0.05, -0.2])
  }

  @Test(arguments: TestDevices.all)
  func clipFactors(_ device: Device) throws {
    let slabs = [Tensor([3, 0], on: device), Tensor([0, 4, 0], on: device)]
    var factors = scalars(0.1, on: device, groups: 3)
    let kept = factors
    try globalNormClipFactor(of: slabs, maximum: 1, into: &factors, groups: 0..<2)
    try expect(factors[stride(from: 1, to: 24, by: 8)], [0.2, 0.2, 1])
    try globalNormClipFactor(of: slabs, maximum: 10, into: &factors, groups: 0..<3)
    try expect(factors[stride(from: 1, to: 24, by: 8)], [1, 1, 1])
    try expectEqual(kept, scalars(0.1, on: device, groups: 3))
  }
}
