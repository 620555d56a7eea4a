import ModelFormats
import NeuralNetworks
import TestSupport
import Testing

@Suite("Programs of serving, files and errors")
struct ServingProgramTests {
  @Test(arguments: TestDevices.all)
  func eightTasksAskOneModel(_ device: Device) async throws {
    let requests = (0..<24).map { Tensor([Float($0), 1, -1, Float($0) / 2], shape: [2, 2]) }
    let answers = try await ServingPrograms.serve(TrainingPrograms.clouds(60), requests, on: device)
    let again = try await ServingPrograms.serve(TrainingPrograms.clouds(60), requests, on: device)
    #expect(answers.allSatisfy { $0.count == 6 })
    #expect(answers == again)
    #expect(Set(answers).count == requests.count)
  }

  @Test(arguments: TestDevices.all)
  func numbersCrossActors(_ device: Device) async throws {
    let (loss, untrained) = try await ServingPrograms.background(TrainingPrograms.clouds(90), on: device)
    #expect(loss < untrained)
  }

  @Test(arguments: TestDevices.all)
  func modelsComeBackFromFiles(_ device: Device) throws {
    let folder = try TemporaryFolder()
    let (original, copy) = try FilePrograms.copyOfModel(in: folder.path, on: device)
    #expect(original.count == 6 && original == copy)
  }

  @Test func filesThatDoNotFitSaySo() throws {
    let folder = try TemporaryFolder()
    let (unknown, missing) = try FilePrograms.weights(in: folder.path)
    #expect(Set(unknown) == ["1.weight", "1.bias"])
    #expect(missing.isEmpty)
  }

  @Test(arguments: TestDevices.all)
  func resumedTrainingGivesTheSameBits(_ device: Device) throws {
    let folder = try TemporaryFolder()
    let (whole, resumed) = try FilePrograms.resumed(TrainingPrograms.clouds(48), in: folder.path, on: device)
    #expect(!whole.isEmpty && whole == resumed)
  }

  @Test func errorsAreOneLineThatNamesTheCause() throws {
    func check(_ line: String?, _ words: String...) {
      guard let line else {
        Issue.record("nothing was thrown where \(words) was expected")
        return
      }
      #expect(!line.isEmpty && !line.contains("\n") && !line.hasPrefix("another error"))
      for word in words { #expect(line.contains(word), "\(line)") }
    }
    check(ErrorPrograms.unknownDevice(), "opencl:99:0")
    check(ErrorPrograms.missingData(), "nowhere")
    check(ErrorPrograms.wrongInput(on: .cpu), "[4]", "[3]")
    check(ErrorPrograms.wrongLabels(on: .cpu), "3")
    check(ErrorPrograms.notANumber(on: .cpu), "NaN")
    check(ErrorPrograms.notCompiled(), "compile")
    check(ErrorPrograms.notAModelFile("/proc/self/exe"), "/proc/self/exe")
    check(ErrorPrograms.notAModelFile("nowhere.safetensors"), "nowhere.safetensors")
  }
}
