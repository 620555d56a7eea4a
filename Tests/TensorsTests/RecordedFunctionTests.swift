import BackendCPU
import BackendCore
import Tensors
import Testing

/// Functions whose calls are recorded and replayed give bitwise the same results as the function itself.
@Suite struct RecordedFunctionTests {
  private func numbers(_ shape: [Int], seed: UInt64, on device: Device) -> Tensor {
    Tensor.uniform(shape, in: -1..<1, using: RandomStream(seed: seed), on: device)
  }

  private func recorded(
    on device: Device, like inputs: [Tensor], _ body: ([Tensor]) throws -> [Tensor]
  ) throws -> RecordedFunction? {
    try RecordedFunction.record(on: device, like: inputs, body).function
  }

  /// Every kind of operand: a constant that is changed in place, a view, a fused operation, a broadcast.
  @Test(arguments: TestDevices.all)
  func repeatsWithOtherInputs(_ device: Device) throws {
    let weight = numbers([5, 4], seed: 1, on: device)
    let bias = numbers([4], seed: 2, on: device)
    func body(_ inputs: [Tensor]) -> [Tensor] {
      var scale = Tensor([1, 2, 3, 4], on: device)
      scale += 1
      let hidden = inputs[0].linear(weight, bias: bias, activation: UnaryOp(.tanh)) * scale
      return [hidden.softmax(axis: -1), hidden[1] + inputs[1], hidden.argmax(axis: 1)]
    }
    func inputs(_ seed: UInt64) -> [Tensor] {
      // An operand that does not start at the beginning of its memory.
      [numbers([4, 5], seed: seed, on: device)[1...], numbers([4], seed: seed + 1, on: device)]
    }
    let function = try #require(try recorded(on: device, like: inputs(10), body))
    var kept: [(found: [Tensor], expected: [Tensor])] = []
    for seed: UInt64 in [20, 30, 40] { kept.append((try function(inputs(seed)), body(inputs(seed)))) }
    // Compared at the end: later calls do not change earlier results.
    for (found, expected) in kept {
      for (found, expected) in zip(found, expected) { try expectEqual(found, expected) }
    }
  }

  /// Results that are not in new memory: an input, part of another result, the same tensor twice, a tensor from
  /// outside.
  @Test(arguments: TestDevices.all)
  func resultsThatAreShared(_ device: Device) throws {
    let outside = numbers([3], seed: 5, on: device)
    func body(_ x: Tensor) -> [Tensor] {
      let doubled = x * 2
      return [x, x.reshaped([2, 2]), doubled, doubled, doubled[1..<3], outside]
    }
    let function = try #require(try recorded(on: device, like: [.ones([4], on: device)]) { body($0[0]) })
    let first = numbers([4], seed: 6, on: device)
    let results = try function([first])
    _ = try function([numbers([4], seed: 7, on: device)])
    for (found, expected) in zip(results, body(first)) { try expectEqual(found, expected) }
    try expectEqual(outside, numbers([3], seed: 5, on: device))
  }

  @Test(arguments: TestDevices.all)
  func whatReadsIsNotRepeated(_ device: Device) throws {
    let function = try recorded(on: device, like: [.ones([2], on: device)]) { inputs in
      [inputs[0] * (try inputs[0].sum().item())]
    }
    #expect(function == nil)
  }

  /// Operations on another device in between run once, and their calls are not mixed with the recorded ones.
  @Test func onlyTheDeviceOfTheRecording() throws {
    let (device, other) = (Device(CPUBackend(threads: 1)), Device.cpu)
    var sum = Tensor.zeros([], on: other)
    let function = try #require(
      try recorded(on: device, like: [.ones([2], on: device)]) { inputs in
        sum = sum + Tensor.ones([], on: other)
        return [inputs[0] + 1]
      })
    for _ in 0..<3 { try expect(try function(Tensor([4, 5], on: device)), [5, 6]) }
    try expect(sum, [1])
  }

  /// Inside a recording, nothing is recorded or replayed separately, because it would be missing from the recording.
  @Test(arguments: TestDevices.all)
  func nested(_ device: Device) throws {
    var inner: RecordedFunction?
    var wasBeingRecorded = false
    let outer = try recorded(on: device, like: [.ones([2], on: device)]) { inputs throws in
      wasBeingRecorded = device.isBeingRecorded
      inner = try recorded(on: device, like: inputs) { [$0[0] * 3] }
      return [inputs[0] + 1]
    }
    #expect(outer != nil && inner == nil && wasBeingRecorded)
    #expect(!device.isBeingRecorded)
  }

  @Test func failuresReachTheCaller() throws {
    let device = Device(CPUBackend(threads: 1))
    let function = try #require(
      try recorded(on: device, like: [.ones([64], on: device)]) { [$0[0] + 1] })
    let input = Tensor.ones([64], on: device)
    device.trimMemory()
    device.setMemoryLimit(bytes: 0)
    #expect(throws: DeviceError.self) { try function(input) }
    device.setMemoryLimit(bytes: 1 << 20)
    try expect(try function(input), [Double](repeating: 2, count: 64))
  }
}
