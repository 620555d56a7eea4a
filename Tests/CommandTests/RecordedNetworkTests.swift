import BackendCPU
import Benchmarking
import NeuralNetworks
import Testing

@Suite struct RecordedNetworkTests {
  /// All temporary values of a forward pass of MobileNetV2 have 132 MB, and 51 MB if only values of equal size share
  /// memory. Their plan takes 6; a copy of the images, 0.6.
  @Test func aRecordedMobileNetTakesLittleMemory() throws {
    let device = Device(CPUBackend(threads: 2))
    let predictor = try MobileNetV2.predictor(on: device)
    let images = Tensor.uniform([1, 3, 224, 224], in: -1..<1, using: RandomStream(seed: 1), on: device)
    let before = device.memoryStatistics().liveBytes
    let results = try (0..<3).map { _ in try predictor.predict(images).scalars() }
    #expect(results[0] == results[1] && results[0] == results[2])
    let recorded = Double(device.memoryStatistics().liveBytes - before) / 1e6
    #expect(recorded > 4 && recorded < 7, "\(recorded) MB")
  }
}
