import Datasets
import NeuralNetworks
import TestSupport
import Testing

@Suite struct WAVFolderTests {
  /// Sounds of one and two seconds at 4 Hz, in two channels.
  private static func example() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    for name in ["no", "yes", "noise"] { try folder.makeFolder(name) }
    func write(_ path: String, _ samples: [[Float]], sampleRate: Int = 4) throws {
      let sound = Tensor(samples.flatMap { $0 }, shape: [samples.count, samples[0].count])
      try WAVFile.write(sound, sampleRate: sampleRate, to: folder(path), format: .float32)
    }
    try write("yes/1.wav", [[0.5, 0.25], [-0.5, -0.25]])
    try write("yes/2.WAV", [[1, 2, 3, 4], [5, 6, 7, 8]])
    try write("no/1.wav", [[0.125, 0, 1], [0, 1, 0]])
    try write("noise/1.wav", [[1]])
    try folder.write("notes", "no/notes.txt")
    return folder
  }

  @Test func soundsArePaddedAndCut() throws {
    let folder = try Self.example()
    for threads in [1, 2, 16] {
      let sounds = try WAVFolder(folder.path, frames: 3, omitting: ["noise"], threads: threads)
      #expect(sounds.classNames == ["no", "yes"] && sounds.labels == [0, 1, 1] && sounds.count == 3)
      #expect(sounds.files == ["no/1.wav", "yes/1.wav", "yes/2.WAV"].map { folder($0) })
      #expect(sounds.sampleRate == 4 && sounds.channels == 2 && sounds.frames == 3)
      let batch = try sounds.batch(at: [2, 1, 0])
      #expect(batch.input.shape == [3, 2, 3])
      #expect(
        try batch.input.scalars() == [1, 2, 3, 5, 6, 7, 0.5, 0.25, 0, -0.5, -0.25, 0, 0.125, 0, 1, 0, 1, 0] as [Float])
      #expect(try batch.target.scalars(as: Int32.self) == [1, 1, 0])
      #expect(try sounds.batch(at: []).input.shape == [0, 2, 3])
      #expect(throws: TrainingError.noSuchExample(index: 3, count: 3)) { try sounds.batch(at: [0, 3]) }
    }
  }

  @Test func otherFormatsAreNamed() throws {
    let folder = try Self.example()
    let sounds = try WAVFolder(folder.path, frames: 4)
    #expect(
      throws: DataError.malformed(
        file: folder("noise/1.wav"), offset: nil,
        expected: "4 Hz, channels: 2, as in \(folder("no/1.wav"))", found: "4 Hz, channels: 1")
    ) { try sounds.batch(at: [0, 1, 2, 3]) }
    try folder.write("RIFF", "no/0.wav")
    #expect(throws: DataError.self) { try WAVFolder(folder.path, frames: 4) }
    #expect(
      throws: DataError.malformed(
        file: folder("empty"), offset: nil, expected: "sounds (.wav) of a class", found: "none")
    ) {
      try folder.makeFolder("empty")
      _ = try WAVFolder(folder.path, frames: 4)
    }
  }
}
