import Files
import Testing

/// What the sources must not have, as text.
@Suite struct SourceTests {
  private static let root = #filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined() + "/Sources"

  /// Each line of Swift in a folder of the sources, with its file.
  private func lines(in folder: String) throws -> [(file: String, line: Substring)] {
    try Folder.names(in: folder).flatMap { name -> [(file: String, line: Substring)] in
      let path = Folder.join(folder, name)
      if Folder.isFolder(path) { return try lines(in: path) }
      guard name.hasSuffix(".swift") else { return [] }
      let text = String(decoding: try FileReader.read(path, limit: 1 << 22), as: UTF8.self)
      return text.split(separator: "\n").map { (String(path.dropFirst(Self.root.utf8.count + 1)), $0) }
    }
  }

  /// A program ends through `ProgrammerError.end`, which delivers what has been printed and says in release, too, which operation
  /// expects what. `fatalError` is for states that no argument leads to; the calls of each file are counted here.
  private static let invariants = [
    "BackendCPU/CPUBackend.swift": 1, "BackendCPU/CPUMemory.swift": 1,
    "BackendCPU/Convolution/CPUBackend+Pooling.swift": 1,
    "BackendCPU/Processor.swift": 1, "BackendCore/Backend+DefaultsPooling.swift": 1,
    "BackendCore/Calls/BackendOperation+Perform.swift": 1, "BackendCore/Shape.swift": 1,
    "BackendOpenCL/Memory/OpenCLMemory.swift": 1, "BackendOpenCL/Operations/OpenCLPooling.swift": 1,
    "BackendOpenCL/Programs/KernelSources.swift": 1, "BackendOpenCL/Recording/CapturedCommand.swift": 2,
    "BackendOpenCL/Tuning/MatmulTuner.swift": 1, "BackendReference/Elements.swift": 1,
    "HostSystem/ThreadLocal.swift": 1, "ModelFormats/Arrays/NPZ.swift": 1, "ModelFormats/Logs/EpochLog.swift": 1,
    "NeuralNetworks/Layers/Recurrent/Bidirectional.swift": 1,
    "NeuralNetworks/Losses/Loss.swift": 1, "NeuralNetworks/Losses/LossReduction.swift": 2,
    "NeuralNetworks/Modules/Descriptions/GraphArchitecture.swift": 3,
    "NeuralNetworks/Modules/Model.swift": 1, "NeuralNetworks/Modules/ModuleCopier.swift": 1,
    "NeuralNetworks/Optimizers/OptimizerBookkeeping.swift": 1,
    "NeuralNetworks/Training/Prediction/Predictor.swift": 1, "NeuralNetworks/Training/Steps/TrainingStep.swift": 2,
    "Tensors/Autodiff/Record.swift": 1, "Tensors/Autodiff/Tape.swift": 1,
    "Tensors/Core/ProgrammerError.swift": 1, "Tensors/Devices/Device.swift": 1,
    "Tensors/Operations/Softmax.swift": 1,
  ]

  @Test func programsEndThroughProgrammerError() throws {
    var counts: [String: Int] = [:]
    for (file, line) in try lines(in: Self.root) {
      // What the conformance of a backend finds is reported by its own means.
      if file.hasPrefix("BackendConformance/") { continue }
      let calls = line.split(separator: "fatalError(", omittingEmptySubsequences: false).count - 1
      let unavailable = line.split(separator: "fatalError(\"unavailable\")", omittingEmptySubsequences: false).count - 1
      if calls > unavailable { counts[file, default: 0] += calls - unavailable }
      for silent in ["precondition(", "preconditionFailure(", "assert(", "assertionFailure("] {
        #expect(!line.contains(silent), "\(file): \(line): says nothing in release; use ProgrammerError.end")
      }
    }
    for file in Set(counts.keys).union(Self.invariants.keys).sorted() {
      #expect(
        counts[file] ?? 0 == Self.invariants[file] ?? 0,
        "\(file): a mistake that arguments lead to ends the program through ProgrammerError.end")
    }
  }
}
