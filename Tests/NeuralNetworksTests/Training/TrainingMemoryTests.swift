import HostSystem
import BackendCPU
import BackendReference
import Testing

@testable import NeuralNetworks

/// Training keeps the memory in use constant. `NN_TRAINING_STEPS=10000` makes it long and includes the OpenCL devices,
/// whose memory other tests change: run it alone, with `--filter TrainingMemoryTests`.
@Suite(.serialized) struct TrainingMemoryTests {
  static let askedSteps = environment("NN_TRAINING_STEPS").flatMap { Int($0) }
  /// Separate devices, so that other tests do not affect the count.
  static let devices =
    [Device(CPUBackend(threads: 1)), Device(ReferenceBackend())] + (askedSteps == nil ? [] : TestDevices.openCL)

  @Test(arguments: devices) func constantOverSteps(_ device: Device) throws {
    let model = Corners.model(dropout: 0.2)
    try model.build(inputShape: [3], on: device, seed: 1)
    let step = try TrainingStep(model, optimizer: .adam(), loss: .crossEntropy(ignoring: -1), seed: 1)
    let data = Corners.data(30), random = RandomStream(seed: 1)
    var accuracy = Metric.accuracy.makeAccumulator()
    var steps = 0
    var before: Int?
    while steps < TrainingMemoryTests.askedSteps ?? 300 {
      // Batches of 8, 8, 8 and 6.
      var batches = data.batches(of: 8, shuffledBy: random, on: device)
      while let batch = try batches.next() {
        let output = try step(batch)
        accuracy.update(prediction: output.predictions[0], target: batch.target, weights: nil)
        steps += 1
      }
      try device.synchronize()
      if before == nil && steps >= 20 { before = device.memoryStatistics().liveBytes }
    }
    #expect(device.memoryStatistics().liveBytes == before)
    _ = try accuracy.result()
  }

  @Test(arguments: devices) func constantOverCalls(_ device: Device) throws {
    let model = Corners.compiled(on: device, dropout: 0.1, metrics: [.accuracy, .f1, .confusionMatrix(), .topK(2)])
    let data = Corners.data(30)
    var live: [Int] = []
    for round in 0..<4 {
      try model.fit(
        data, epochs: 2, batchSize: 8, validation: .split(0.2),
        callbacks: [EarlyStopping(patience: 1, restoresBestWeights: true)],
        verbosity: .silent)
      _ = try model.evaluate(data)
      _ = try model.predict(data.inputs)
      if round > 0 { live.append(device.memoryStatistics().liveBytes) }
    }
    #expect(Set(live).count == 1, "\(live)")
  }
}
