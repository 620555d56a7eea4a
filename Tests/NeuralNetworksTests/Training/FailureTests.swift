import BackendCPU
import BackendReference
import Testing

@testable import NeuralNetworks

/// A device that fails during training.
@Suite struct FailureTests {
  static let devices = [Device(CPUBackend(threads: 1)), Device(ReferenceBackend())]

  @Test(arguments: devices) func outOfMemory(_ device: Device) throws {
    let model = Corners.compiled(on: device)
    let data = Corners.data(64)
    let limit = device.memoryStatistics().limitBytes
    var (numbers, step) = ([Float](), 0)
    let hooks = CallbackTests.Hooks()
    hooks.step = { count, run in
      guard count == 3 else { return }
      (numbers, step) = (try run.model.numbers(), count)
      // From now on, no more memory is available.
      device.trimMemory()
      device.setMemoryLimit(bytes: 0)
    }
    do {
      try model.fit(data, batchSize: 8, callbacks: [hooks], verbosity: .silent)
      Issue.record("training went on without memory")
    } catch DeviceError.outOfMemory {
    }
    device.setMemoryLimit(bytes: limit)
    // Parameters and counters are those after the last completed step, and training can continue.
    #expect(try model.numbers() == numbers)
    #expect(step == 3 && model.compiled?.optimizer.step == 3)
    #expect(try model.fit(data, batchSize: 8, verbosity: .silent).epochs.count == 1)
    #expect(model.compiled?.optimizer.step == 11)
  }

  @Test func datasetThatFails() throws {
    struct Fault: Error {}
    struct Faulty: Dataset {
      let base = Corners.data(40)
      var count: Int { base.count }
      func batch(at indices: [Int]) throws -> Batch {
        if indices.contains(25) { throw Fault() }
        return try base.batch(at: indices)
      }
    }
    let model = Corners.compiled()
    #expect(throws: Fault.self) { try model.fit(Faulty(), batchSize: 8, shuffle: false, verbosity: .silent) }
    // Examples 0 to 23 were used.
    #expect(model.compiled?.optimizer.step == 3)
  }

  /// An invalid batch in the middle is rejected before its step.
  @Test func badBatch() throws {
    struct Late: Dataset {
      let base = Corners.data(40)
      var count: Int { base.count }
      func batch(at indices: [Int]) throws -> Batch {
        var batch = try base.batch(at: indices)
        if indices.contains(25) { batch.inputs[0][indices.firstIndex(of: 25)!] = Tensor([0, .nan, 0]) }
        return batch
      }
    }
    let model = Corners.compiled()
    var numbers: [Float] = []
    let hooks = CallbackTests.Hooks()
    hooks.step = { _, run in numbers = try run.model.numbers() }
    #expect(throws: TrainingError.notFinite(tensor: "input", example: 25)) {
      try model.fit(Late(), batchSize: 8, shuffle: false, callbacks: [hooks], verbosity: .silent)
    }
    #expect(try model.numbers() == numbers)
    #expect(model.compiled?.optimizer.step == 3)
  }
}
