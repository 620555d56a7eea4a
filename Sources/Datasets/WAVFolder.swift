import HostSystem
import NeuralNetworks

/// Labeled WAV files in a folder with one subfolder for each class (Keras' `audio_dataset_from_directory`).
///
/// ```swift
/// let commands = try WAVFolder("speech_commands", frames: 16_000)
/// let (train, validation) = commands.split(0.8, seed: 1)
/// ```
///
/// The classes are the subfolders, sorted by the bytes of their names. The examples are the files, at any depth inside
/// the folder of their class, whose names end in `.wav` in any case, sorted by class and path. Names that start with a
/// period, and other files, are ignored. All files have the sample rate and the number of channels of the first one.
///
/// Inputs are float32 `[N, channels, frames]`, from −1 to 1: the beginning of a longer sound, and zeros after the end of
/// a shorter one. Targets are int32 class indices `[N]`. Each batch is read from the files on several threads, so only its
/// sounds are in memory. If all of them fit into memory, `cached()` saves reading the files in each epoch.
public struct WAVFolder: Dataset {
  /// The name of each class, by class index.
  public let classNames: [String]
  /// The path of each sound.
  public let files: [String]
  /// The class index of each sound.
  public let labels: [Int32]
  /// The number of frames of an input.
  public let frames: Int
  /// The number of channels of all sounds.
  public let channels: Int
  /// The number of frames per second of all sounds.
  public let sampleRate: Int
  private let folder: String
  private let threads: Int

  /// Lists the sounds of a folder, and reads the header of the first one.
  /// - Parameters:
  ///   - folder: The folder with the subfolders.
  ///   - frames: The number of frames of an input, from 1 to 2,147,483,647.
  ///   - classNames: The names of the subfolders in the order of the class indices, for example those of the training
  ///     data; nil for all subfolders, sorted.
  ///   - omitting: The names of subfolders that are not classes, such as one with background noise.
  ///   - threads: The number of threads that read the sounds of a batch; nil for one on each processor.
  /// - Throws: `DataError` if the folder cannot be read or has no subfolders, if subfolders differ from `classNames` or
  ///   a name occurs twice there, for a name to omit that does not exist, for a class without a sound, and if the first
  ///   sound cannot be read.
  public init(
    _ folder: String, frames: Int, classNames: [String]? = nil, omitting: [String] = [], threads: Int? = nil
  ) throws {
    if !(1...Int(Int32.max)).contains(frames) {
      ProgrammerError.end("WAVFolder: frames is from 1 to \(Int32.max), not \(frames)")
    }
    if let threads, threads < 1 { ProgrammerError.end("WAVFolder: at least 1 thread is needed, not \(threads)") }
    let listing = try ClassFolders(folder, .sounds, classNames: classNames, omitting: omitting)
    (self.classNames, files, labels) = (listing.classNames, listing.files, listing.labels)
    let first = try WAVFile(files[0])
    (channels, sampleRate) = (first.channels, first.sampleRate)
    (self.folder, self.frames, self.threads) = (folder, frames, threads ?? onlineProcessors())
  }

  public var count: Int { files.count }

  /// Returns the sounds at these positions, in this order.
  /// - Throws: `DataError` for the first of these sounds that cannot be read, or has another sample rate or number of
  ///   channels; `TrainingError.noSuchExample` for a position out of range.
  public func batch(at indices: [Int]) throws -> Batch {
    try checkPositions(indices, below: count)
    // The sounds, and the batch made of them.
    do { try HostMemory.check(indices.count, of: 8 * channels * frames) } catch {
      throw DataError.unreadable(file: folder, reason: "\(error)")
    }
    let sounds = try concurrentResults(indices.count, threads: threads) { try sound(at: indices[$0]) }
    return Batch(
      input: Tensor(sounds.flatMap { $0 }, shape: [indices.count, channels, frames]),
      target: Tensor(indices.map { labels[$0] }, shape: [indices.count]))
  }

  /// Reads a sound, one channel after another, with the length of the inputs.
  private func sound(at index: Int) throws -> [Float] {
    let file = try WAVFile(files[index])
    if (file.sampleRate, file.channels) != (sampleRate, channels) {
      throw DataError.malformed(
        file: files[index], offset: nil,
        expected: "\(sampleRate) Hz, channels: \(channels), as in \(files[0])",
        found: "\(file.sampleRate) Hz, channels: \(file.channels)")
    }
    let length = min(frames, file.frames)
    let samples = try file.decoded(0..<length * channels)
    var sound = [Float](repeating: 0, count: channels * frames)
    for channel in 0..<channels {
      for frame in 0..<length { sound[channel * frames + frame] = samples[frame * channels + channel] }
    }
    return sound
  }
}

extension ClassFolders.Kind {
  /// Sounds in the WAV format.
  static let sounds = ClassFolders.Kind("sounds", details: "sounds (.wav)") { path throws(DataError) in
    path.lowercased().hasSuffix(".wav")
  }
}
