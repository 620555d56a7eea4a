import Files
import NeuralNetworks
import TestSupport
import Testing

@testable import ModelFormats

/// Everything that writes a file, on disks that accept no data: the error names the file and the reason, the existing
/// file does not change, and nothing else is left behind.
@Suite struct DiskFaultTests {
  enum Saver: String, CaseIterable {
    case model, weights, optimizer, state, architecture, npy, npz, deflated

    func save(to path: String) throws {
      let large = Tensor((0..<50_000).map { Float($0) }, shape: [500, 100])
      let model = Sequential(inputShape: [100]) { Dense(100) }
      try model.build(seed: 1)
      switch self {
      case .model: try model.save(to: path)
      case .weights: try model.saveWeights(to: path)
      case .optimizer: try Optimizer.adam().save(to: path)
      case .state:
        try TrainingState(
          epoch: 1, step: 1, batchSize: 1, seed: 1, weights: Snapshot([("w", large)]),
          optimizer: OptimizerState(step: 1, tensors: []), history: History(epochs: [])
        ).save(to: path)
      case .architecture: try Architecture(of: model).save(to: path)
      case .npy: try NPY.save(large, to: path)
      case .npz: try NPZ.save([("a", large)], to: path)
      case .deflated: try NPZ.save([("a", large)], to: path, compressed: true)
      }
    }
  }

  @Test(arguments: DiskFault.allCases)
  func theOldFileStays(_ fault: DiskFault) async throws {
    let folder = try TemporaryFolder()
    await #expect(processExitsWith: .success) { [folder = folder.path as String, fault] in
      let old = Array("old".utf8)
      let names = Saver.allCases.map(\.rawValue).sorted()
      let struck = try fault.strike(folder) {
        for name in names { try FileWriter.write(old, to: Folder.join(folder, name)) }
      }
      if !struck { return print("skipped: this account cannot bring about \(fault)") }
      for saver in Saver.allCases {
        let path = Folder.join(folder, saver.rawValue)
        do {
          try saver.save(to: path)
          Issue.record("\(saver) was saved")
        } catch FormatError.file(let found, let reason) {
          #expect(found == path && reason.contains(fault.words), "\(saver): \(reason)")
        }
        #expect(try FileReader.read(path, limit: 10) == old, "\(saver)")
      }
      #expect(try Folder.names(in: folder).filter { $0 != "filler" } == names)
    }
  }

  @Test func checkpointsStayWhenNoFurtherOneFits() async throws {
    let folder = try TemporaryFolder()
    await #expect(processExitsWith: .success) { [folder = folder.path as String] in
      let data = TensorDataset(Tensor([Float](repeating: 1, count: 20), shape: [10, 2]), .zeros([10, 1]))
      let model = Sequential { Dense(1) }
      model.compile(optimizer: .adam(), loss: .meanSquaredError)
      func train(_ epochs: Int) throws {
        try model.fit(
          data, epochs: epochs, batchSize: 5, callbacks: [Checkpoints(in: folder, resumes: true)], verbosity: .silent)
      }
      try train(1)
      let before = try Folder.names(in: folder)
      let latest = try #require(try Checkpoints.latest(in: folder))
      _ = try DiskFault.sizeLimit.strike(folder) {}
      do {
        try train(3)
        Issue.record("a checkpoint was written")
      } catch FormatError.file(let path, let reason) {
        #expect(path.hasPrefix(folder + "/step-") && reason.contains(DiskFault.sizeLimit.words))
      }
      #expect(try Folder.names(in: folder) == before)
      #expect(try TrainingState.load(from: latest).step == 2)
    }
  }

  @Test func aFileThatIsCutWhileItIsReadIsAnError() throws {
    let folder = try TemporaryFolder()
    let values = [Float](repeating: 1.5, count: 1000)
    try Safetensors.save([("a", Tensor(values))], to: folder("t"))
    let file = try Safetensors(folder("t"))
    try folder.write("short", "t")
    do {
      _ = try file.tensor("a")
      Issue.record("it was read")
    } catch FormatError.file(let path, _) { #expect(path == folder("t")) }
    // A new file with the same name is a different file: the opened one is read to its end.
    try Safetensors.save([("a", Tensor(values))], to: folder("t"))
    let opened = try Safetensors(folder("t"))
    try Safetensors.save([("a", Tensor([Float(7)]))], to: folder("t"))
    #expect(try opened.tensor("a")?.scalars() == values)
  }
}
