import BackendCore
import BackendReference
import Tensors
import Testing

/// A failed operation returns a tensor of the correct shape that throws the first error when it is read.
@Suite struct PoisonTests {
  /// A device with memory for only a kilobyte.
  private func full() -> Device {
    let device = TestDevices.separate()
    device.setMemoryLimit(bytes: 1024)
    return device
  }

  @Test func outOfMemoryThrowsWhereItIsRead() throws {
    let device = full()
    let small = Tensor.ones([16], on: device)
    let large = Tensor.zeros([100, 100], on: device)
    #expect(large.shape == [100, 100] && large.dtype == .float32 && large.device == device)
    #expect(large.isPoisoned && !small.isPoisoned)
    #expect { try large.scalars() } throws: { error in
      guard case DeviceError.outOfMemory(let requested, _, let limit) = error else { return false }
      return requested == 40_000 && limit == 1024
    }
    #expect(throws: DeviceError.self) { try large[0, 0].item() }
    #expect(throws: DeviceError.self) { try large.checkPoison() }
    #expect(throws: DeviceError.self) { try large.slice }
    try expect(small, Array(repeating: 1, count: 16))
  }

  /// Every kind of operation propagates the error, with the shape of the missing result.
  @Test func operationsPassItOn() throws {
    let device = full()
    let x = Tensor.zeros([20, 20], on: device)
    let row = Tensor.ones([20], on: device)
    let indices = Tensor(integers: [0, 1], on: device)
    var assigned = row
    assigned[0..<2] = x[0, 0..<2]
    var added = row
    added += x[0]
    let results: [(Tensor, [Int])] = [
      (x.exp(), [20, 20]), (x + row, [20, 20]), (row * x, [20, 20]), (2 / x, [20, 20]), (x .> 0, [20, 20]),
      (x.sum(axis: 0), [20]), (x.max(), []), (x.argmax(), [20]), (x.cumulativeSum(axis: 1), [20, 20]),
      (x.matmul(row), [20]), (x.reshaped([400]), [400]), (x.transposed(), [20, 20]), (x[3], [20]),
      (x[.all, 3], [20]), (.concatenated([x, x]), [40, 20]), (x.padded([(1, 1), (0, 0)]), [22, 20]),
      (x.gathered(indices), [2, 20]), (x.sorted(), [20, 20]), (x.softmax(), [20, 20]), (x.cast(to: .int32), [20, 20]),
      (x.replacing(with: 0, where: x .> 0), [20, 20]), (row.replacing(with: row, where: x .> 0), [20, 20]),
      (x.moved(to: .cpu), [20, 20]), (x.oneHotShaped, [20, 20]), (assigned, [20]), (added, [20]),
      (x.linear(x, bias: row, activation: .relu), [20, 20]), (x.variance(axis: 0), [20]),
      (x.dropout(0.5, RandomSource(key: 1)), [20, 20]), (x.broadcast(to: [2, 20, 20]), [2, 20, 20]),
      (.einsum("ij,kj->ik", x, x), [20, 20]), (x.norm(axis: 1), [20]), (x.median(axis: 0), [20]),
      (x.lowerTriangle(), [20, 20]), (x.diagonal(), [20]), (x.rolled(by: 3, axis: 0), [20, 20]),
      (row.searchSorted(x), [20, 20]), (x.histogram(bins: 4).counts, [4]),
    ]
    for (index, (result, shape)) in results.enumerated() {
      #expect(result.shape == shape, "operation \(index)")
      #expect(throws: DeviceError.self, "operation \(index)") { try result.scalars() }
    }
    #expect(x.description.contains("out of device memory"))
    try expect(row, Array(repeating: 1, count: 20))
  }

  /// Memory runs out in the forward or the backward pass: gradients throw, and later steps work.
  @Test(arguments: [900, 1300, 1700, 2100, 2500, 2900, 3300, 4000, 6000])
  func gradientsCarryIt(_ limit: Int) throws {
    let device = TestDevices.separate()
    let x = Tensor.ones([10, 10], on: device)
    let labels = Tensor(integers: Array(repeating: 3, count: 10), on: device)
    device.setMemoryLimit(bytes: limit)
    let (value, gradient) = valueAndGradient(at: x) { x in
      let y = x.linear(x, bias: x[0], activation: UnaryOp(.gelu)).softmax()
      return (y[2...].sorted() * 2).sum() + x.softmaxCrossEntropy(labels: labels, smoothing: 0, ignoredLabel: nil).sum()
    }
    #expect(gradient.shape == [10, 10])
    if value.isPoisoned { #expect(gradient.isPoisoned) }
    device.setMemoryLimit(bytes: .max)
    let again = valueAndGradient(at: x) { x in (x * x).sum() }
    try expect(again.gradient, Array(repeating: 2, count: 100))
  }

  /// A failed value has failed gradients, even if the failed part is a constant.
  @Test func failedValuesHaveNoGradient() throws {
    let lost = Tensor.zeros([1000], on: full()).sum().moved(to: .cpu)
    let (value, gradient) = valueAndGradient(at: Tensor([1, 2])) { x in x.sum() + lost }
    #expect(throws: DeviceError.self) { try value.item() }
    #expect(throws: DeviceError.self) { try gradient.scalars() }
  }

  @Test func optimizerStepsCheckBeforeTheyWrite() throws {
    let device = full()
    var parameters = Tensor.ones([4], on: device)
    var states = [Tensor.zeros([4], on: device)]
    let step = OptimizerStep(rule: .sgd(momentum: 0.9, isNesterov: false))
    let scalars = Tensor([0.1, 1, .infinity, 0, 0, 0, 0, 0], on: device)
    let lost = Tensor.zeros([1000], on: device)[0..<4]
    let kept = parameters
    #expect(throws: DeviceError.self) {
      try applyOptimizerStep(
        step, parameters: &parameters, gradients: lost, states: &states, scalars: scalars, group: 0)
    }
    try expect(parameters, [1, 1, 1, 1])
    try expect(kept, [1, 1, 1, 1])
    try expect(states[0], [0, 0, 0, 0])
    var factors = scalars
    #expect(throws: DeviceError.self) {
      try globalNormClipFactor(of: [parameters, lost], maximum: 1, into: &factors, groups: 0..<1)
    }
    try expect(factors, [0.1, 1, .infinity, 0, 0, 0, 0, 0])
  }

  /// Errors of a backend become `DeviceError`s.
  @Test func errorsAreTranslated() {
    let lost = DeviceError(BackendError.deviceLost(device: "d", reason: "r"), on: .cpu)
    #expect(lost.description == "device d was lost: r")
    let build = DeviceError(BackendError.kernelBuild(program: "p", log: "l"), on: .cpu)
    #expect(build.description == "kernels \"p\" did not build: l")
    let unsupported = DeviceError(
      BackendError.unsupported(operation: "sort", dtype: .bool, device: "d"), on: .cpu)
    #expect(unsupported.description == "d has no sort for bool")
    #expect(DeviceError.unavailable(requested: "gpu", found: []).exitCode == 3)
    #expect(lost.exitCode == 3)
  }
}

extension Tensor {
  /// A chain through masks.
  fileprivate var oneHotShaped: Tensor { ((self .> 0) .& .!(self .< 1)).cast(to: .float32) }
}
