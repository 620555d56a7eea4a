import BackendCPU
import BackendCore
import Benchmarking
import NeuralNetworks
import TestSupport
import Testing

@Suite struct RecordedNetworkTests {
  /// The plan of memory for a forward pass of MobileNetV2: the sizes of all temporary values, and of those in use at a time.
  @Test func aPlanForMobileNetTakesLessThanIsInUse() throws {
    let device = Device(CPUBackend(threads: 2))
    let model = try MobileNetV2.model(on: device)
    let images = Tensor.uniform([1, 3, 224, 224], in: -1..<1, using: RandomStream(seed: 1), on: device)
    var results: [Tensor] = []
    let recording = try #require(try device.record { results = [model(images, .inference)] })
    let calls = try #require(recording.calls)
    let megabytes = [calls.temporaryByteCount, calls.peakByteCount, MemoryPlan(calls).byteCount].map {
      Double($0) / 1e6
    }
    #expect(results[0].shape == [1, 1000])
    #expect(megabytes[0] > 130 && megabytes[1] < 10 && megabytes[2] < 6.5, "\(megabytes)")
  }

  /// The plan takes 6 MB; a copy of the images, 0.6. OpenCL rounds the sizes of buffers up, by at most a quarter.
  @Test(arguments: [Device(CPUBackend(threads: 2))] + TestDevices.openCL)
  func aRecordedMobileNetTakesLittleMemory(_ device: Device) throws {
    let predictor = try MobileNetV2.predictor(on: device)
    let images = Tensor.uniform([1, 3, 224, 224], in: -1..<1, using: RandomStream(seed: 1), on: device)
    let before = device.memoryStatistics().liveBytes
    let results = try (0..<3).map { _ in try predictor.predict(images).scalars() }
    #expect(results[0] == results[1] && results[0] == results[2])
    let recorded = Double(device.memoryStatistics().liveBytes - before) / 1e6
    #expect(recorded > 4 && recorded < 7, "\(recorded) MB")
  }
}
