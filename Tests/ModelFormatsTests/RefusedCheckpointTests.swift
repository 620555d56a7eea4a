import HostSystem
import Datasets
import Files
import NeuralNetworks
import TestSupport
import Testing

@testable import ModelFormats

/// Folders and checkpoints from which a run does not resume.
@Suite struct RefusedCheckpointTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  func model() -> Sequential {
    let model = Sequential { Dense(2) }
    model.compile(optimizer: .adam(), loss: .sparseCategoricalCrossEntropy(fromLogits: true))
    return model
  }

  func train(epochs: Int, _ callbacks: [any Callback]) throws {
    try model().fit(
      Points.moons(100, seed: 1), epochs: epochs, batchSize: 16, seed: 5, callbacks: callbacks, verbosity: .silent)
  }

  func checkpoints(resumes: Bool = true) -> Checkpoints { Checkpoints(in: folder("run"), resumes: resumes) }

  /// The error of resuming.
  func fault() -> String {
    do {
      try train(epochs: 3, [checkpoints()])
      return "none"
    } catch { return "\(error)" }
  }

  /// A callback that performs an action at the end of an epoch.
  final class Meanwhile: Callback {
    let body: () throws -> Void
    init(_ body: @escaping () throws -> Void) { self.body = body }
    func epochEnded(_ epoch: EpochRecord, _ run: TrainingRun) throws { try body() }
  }

  @Test func asLongAsARunLastsItsFolderIsLocked() throws {
    let leftover = folder("run/.step-00000007.safetensors.1-a.tmp")
    var faults: [String] = []
    try train(
      epochs: 2,
      [
        checkpoints(),
        Meanwhile { [self] in
          // A temporary file of the active run; another run must not remove it.
          try FileWriter.write([1], to: leftover)
          faults.append(fault())
          #expect(Folder.exists(leftover))
        },
      ])
    #expect(faults.count == 2)
    let host = faults.first?.split(separator: " ").last.map(String.init) ?? ""
    for fault in faults {
      #expect(fault.contains("\(folder("run")): it is in use by another run (process ") && host.hasSuffix(")"))
    }
    // The run has ended; a failed run also releases the folder.
    struct Fault: Error {}
    let kept = checkpoints()
    #expect(throws: Fault.self) { try train(epochs: 3, [kept, Meanwhile { throw Fault() }]) }
    #expect(fault() == "none" && !Folder.exists(leftover))
  }

  /// The system releases the lock of a killed process.
  @Test func aLockEndsWithItsProcess() async throws {
    try Folder.create(folder("run"))
    await #expect(processExitsWith: .success) { [path = folder("run") as String] in
      guard let lock = try? FolderLock(path) else { exit(1) }
      withExtendedLifetime(lock) { exit(0) }
    }
    #expect(Folder.exists(folder("run/.lock")))
    #expect(throws: Never.self) { try FolderLock(folder("run")) }
  }

  /// Replaces the last checkpoint with a modified one.
  func rewrite(_ change: (inout [(String, Tensor)], inout String) -> Void) throws {
    let path = try #require(try Checkpoints.latest(in: folder("run")))
    let file = try Safetensors(path)
    var tensors = try file.names.map { ($0, try #require(try file.tensor($0))) }
    var metadata = file.metadata
    var text = try #require(metadata["training"])
    change(&tensors, &text)
    metadata["training"] = text
    try Safetensors.saveChecked(tensors, metadata: metadata, to: path)
  }

  @Test func aBatchThatTheEpochDoesNotHaveIsRefused() throws {
    try train(epochs: 1, [checkpoints()])
    for batch in ["8", "1000000000", "9007199254740992"] {
      try rewrite { _, text in text = text.replacing(/"batch":\d+/, with: "\"batch\":\(batch)") }
      #expect(fault().contains("batch is \(batch), and an epoch of 100 examples has 7 batches of 16"))
    }
    // A checkpoint without the number of examples.
    try rewrite { _, text in text = text.replacing("\"examples\":100,", with: "") }
    #expect(fault().contains("an epoch of 100 examples has 7 batches"))
  }

  @Test(arguments: ["0.weight", "optimizer/0.weight.m"])
  func whatIsNotFloatingPointIsRefused(prefix: String) throws {
    try train(epochs: 1, [checkpoints()])
    try rewrite { tensors, _ in
      for index in tensors.indices where tensors[index].0.hasPrefix(prefix) {
        tensors[index].1 = tensors[index].1.cast(to: .int32)
      }
    }
    #expect(fault().contains("int32, expected floating point"), "\(fault())")
  }

  @Test func aStepThatContradictsTheNameOfTheFileIsRefused() throws {
    try train(epochs: 1, [checkpoints()])
    let path = try #require(try Checkpoints.latest(in: folder("run")))
    try FileWriter.write(try FileReader.read(path, limit: 1 << 20), to: folder("run/step-00000900.safetensors"))
    #expect(fault().contains("its name has step 900, but its state has step 7"))
  }

  /// 100 examples in batches of 16 are 7 steps.
  @Test(arguments: [false, true]) func aDamagedCheckpointSaysWhatRemains(_ isCut: Bool) throws {
    try train(epochs: 2, [checkpoints()])
    func damage() throws {
      let path = try #require(try Checkpoints.latest(in: folder("run")))
      var bytes = try FileReader.read(path, limit: 1 << 20)
      if isCut { bytes.removeLast(bytes.count / 2) } else { bytes[bytes.count - 1] ^= 1 }
      try folder.write(bytes, String(path.dropFirst(folder.path.count + 1)))
    }
    try damage()
    #expect(fault().contains("run/step-00000014.safetensors: "), "\(fault())")
    #expect(fault().hasSuffix("; delete this file to resume from step 7"), "\(fault())")
    try Folder.remove(folder("run/step-00000014.safetensors"))
    try damage()
    #expect(fault().hasSuffix("; delete this file to start over"), "\(fault())")
    try Folder.remove(folder("run/step-00000007.safetensors"))
    #expect(fault() == "none")
  }

  @Test func aStepHasDigitsAlone() throws {
    try train(epochs: 1, [checkpoints()])
    for name in ["+200", "-200", "", "2_0"] { try folder.write("x", "run/step-\(name).safetensors") }
    #expect(try Checkpoints.latest(in: folder("run")) == folder("run/step-00000007.safetensors"))
    #expect(fault() == "none")
  }

  @Test func aChecksumIsFoundWithBlanksAroundIt() throws {
    try train(epochs: 1, [checkpoints()])
    let path = try #require(try Checkpoints.latest(in: folder("run")))
    let bytes = try FileReader.read(path, limit: 1 << 20)
    let key = Array("\"\(FileChecksum.key)\":".utf8)
    let place = try #require(bytes.firstRange(of: key))
    // The blank replaces one of the padding at the end of the header, so the file has the same size.
    var changed = bytes
    changed.insert(0x20, at: place.upperBound)
    let length = Int(littleEndian(bytes, 0) as UInt64)
    changed.replaceSubrange(0..<8, with: littleEndianBytes(of: UInt64(length + 1)))
    changed[changed.count - 1] ^= 1
    try FileWriter.write(changed, to: path)
    #expect(fault().contains("its checksum differs"))
    // JSON treats this key as the same, but it is not found, and the file is rejected nevertheless.
    var hidden = bytes
    hidden.replaceSubrange(place, with: Array("\"\\u0073\(FileChecksum.key.dropFirst())\":".utf8))
    hidden.replaceSubrange(0..<8, with: littleEndianBytes(of: UInt64(length + 5)))
    try FileWriter.write(hidden, to: path)
    #expect(fault().contains("its checksum cannot be found"))
  }

  @Test func aLogThatIsDeletedDuringTrainingIsReported() throws {
    let loggers: [(any Callback, String)] = [
      (JSONLinesLogger(to: folder("a.jsonl")), "a.jsonl"), (CSVLogger(to: folder("a.csv")), "a.csv"),
    ]
    for (logger, name) in loggers {
      #expect {
        try train(epochs: 3, [logger, Meanwhile { [self] in try Folder.remove(folder(name)) }])
      } throws: { "\($0)" == "\(folder(name)): it was deleted or replaced during training" }
    }
    let board = folder("board/train")
    #expect {
      try train(
        epochs: 3,
        [
          TensorBoardLogger(in: folder("board")),
          Meanwhile { for name in try Folder.names(in: board) { try Folder.remove(Folder.join(board, name)) } },
        ])
    } throws: { "\($0)".contains("it was deleted or replaced during training") }
  }
}
