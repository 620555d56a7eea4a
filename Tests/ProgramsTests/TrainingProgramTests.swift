import NeuralNetworks
import Testing

@Suite("Programs of training")
struct TrainingProgramTests {
  @Test(arguments: TestDevices.all)
  func explicitLoop(_ device: Device) throws {
    let (losses, accuracy) = try TrainingPrograms.explicitLoop(on: device, epochs: 15)
    #expect(losses[14] < losses[0] / 2)
    #expect(accuracy > 0.9)
  }

  @Test(arguments: TestDevices.all)
  func fitting(_ device: Device) throws {
    let result = try TrainingPrograms.fit(on: device)
    let history = result.history
    #expect(history.epochs.count == 8)
    #expect(history["validation_loss"].count == 8)
    #expect((result.scores["accuracy"] ?? 0) > 0.9)
    #expect(result.scores.loss.isFinite)
    #expect(result.classes.count == 6 && result.classes.allSatisfy { (0..<3).contains($0) })
    let again = try TrainingPrograms.fit(on: device)
    #expect(again.weights == result.weights, "the same seed on the same device gives the same bits")
    let other = try TrainingPrograms.fit(on: device, seed: 2)
    #expect(other.weights != result.weights)
  }

  @Test(arguments: TestDevices.openCL)
  func firstEpochAgreesWithTheCPU(_ device: Device) throws {
    let here = try TrainingPrograms.fit(on: device).history["loss"][0]
    let there = try TrainingPrograms.fit(on: .cpu).history["loss"][0]
    #expect((here - there).magnitude <= 1e-3 * there)
  }

  @Test(arguments: TestDevices.all)
  func partsOfOnesOwn(_ device: Device) throws {
    let (log, scores) = try OwnParts.regression(on: device)
    #expect(log.losses.count == 30 && log.steps == 120)
    #expect(log.losses[29] < log.losses[0] / 2)
    #expect((scores["largest_error"] ?? 0) >= (scores["bias"] ?? 1).magnitude)
  }

  @Test func schedulesOfOnesOwn() {
    let halving = OwnParts.halving(0.8, every: 10)
    #expect([0, 9, 10, 25].map { halving.rate(at: $0) } == [0.8, 0.8, 0.4, 0.2])
  }

  @Test(arguments: TestDevices.all)
  func accumulatedGradients(_ device: Device) throws {
    let (before, after, matches) = try TrainingPrograms.accumulation(on: device)
    #expect(matches)
    #expect(after < before)
  }

  @Test(arguments: TestDevices.all)
  func frozenParametersStay(_ device: Device) throws {
    let (frozen, free) = try TrainingPrograms.freezing(on: device)
    #expect(frozen == 0)
    #expect(free > 0)
  }
}
