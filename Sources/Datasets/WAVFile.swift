import Files
import HostSystem
import NeuralNetworks

/// A sound in the WAV format (RIFF), with any number of channels.
///
/// ```swift
/// let file = try WAVFile("speech.wav")
/// let signal = try file.samples()                          // [channels, frames], from −1 to 1
/// let second = try file.samples(in: 0..<file.sampleRate)   // only a part of the file is read
/// ```
///
/// The header is read first, and samples when they are requested. Other formats inside of WAV files, such as µ-law, and
/// the forms RF64 and RIFX are refused.
public struct WAVFile: Sendable {
  /// How a sample is stored, in little-endian order.
  public enum Format: String, Sendable, Hashable, CaseIterable {
    /// Unsigned integers of 8 bits; 128 is silence.
    case pcm8
    /// Signed integers of 16, 24, or 32 bits.
    case pcm16, pcm24, pcm32
    /// Floating-point numbers.
    case float32, float64

    /// The size of a sample in bytes.
    public var size: Int {
      switch self {
      case .pcm8: 1
      case .pcm16: 2
      case .pcm24: 3
      case .pcm32, .float32: 4
      case .float64: 8
      }
    }

    var isFloatingPoint: Bool { self == .float32 || self == .float64 }

    /// The integer that represents 1; nil for floating-point numbers.
    var scale: Double? { isFloatingPoint ? nil : Double(1 << (8 * size - 1)) }
  }

  /// The path of the file.
  public let path: String
  /// How samples are stored.
  public let format: Format
  /// The number of channels.
  public let channels: Int
  /// The number of frames per second. A frame has one sample of each channel.
  public let sampleRate: Int
  /// The number of frames.
  public let frames: Int
  private let file: FileReader
  /// The position of the first sample.
  private let start: Int

  /// Reads the header of a file.
  /// - Throws: `DataError`, with the file, the position in bytes, and the expected and actual content.
  public init(_ path: String) throws {
    do { file = try FileReader(path) } catch { throw DataError(error) }
    let header = try WAVHeader(file)
    self.path = path
    (format, channels, sampleRate) = (header.format, header.channels, header.sampleRate)
    (frames, start) = (header.frames, header.start)
  }

  /// Reads samples as float32 `[channels, frames]`. Integers are divided by the magnitude of the lowest one, so they
  /// range from −1 to below 1 (of 32 bits, to 1, because float32 rounds them), as in torchaudio and librosa. Numbers of
  /// float32 do not change, and those of float64 are rounded.
  /// - Parameters:
  ///   - range: The frames; all by default. A range beyond the end is a programmer error.
  ///   - device: The device of the result.
  /// - Throws: `DataError` if the file cannot be read, for a number that is not finite, and if there is not enough
  ///   memory.
  public func samples(in range: Range<Int>? = nil, on device: Device = .cpu) throws -> Tensor {
    let range = range ?? 0..<frames
    if range.lowerBound < 0 || range.upperBound > frames {
      ProgrammerError.end("WAVFile.samples: the range \(range) leaves the \(frames) frames of \(path)")
    }
    // The result and the samples in the order of the file.
    do { try HostMemory.check(range.count, of: 8 * channels) } catch {
      throw DataError.unreadable(file: path, reason: "\(error)")
    }
    let first = range.lowerBound * channels
    let frames = try Tensor(shape: [range.count, channels], on: device) { piece in
      try decoded(first + piece.lowerBound..<first + piece.upperBound)
    }
    return channels == 1 ? frames.reshaped([1, range.count]) : frames.transposed()
  }

  /// Returns samples in the order of the file.
  func decoded(_ range: Range<Int>) throws(DataError) -> [Float] {
    let size = format.size
    let bytes: [UInt8]
    do { bytes = try file.read(at: start + range.lowerBound * size, count: range.count * size) } catch {
      throw DataError(error)
    }
    if let scale = format.scale {
      let factor = Float(1 / scale)
      return (0..<range.count).map { Float(integer(bytes, $0 * size)) * factor }
    }
    return try (0..<range.count).map { index throws(DataError) in
      let offset = index * size
      let number =
        format == .float32
        ? Float(bitPattern: littleEndian(bytes, offset)) : Float(Double(bitPattern: littleEndian(bytes, offset)))
      if !number.isFinite {
        throw .malformed(
          file: path, offset: start + range.lowerBound * size + offset, expected: "a finite float32", found: "\(number)"
        )
      }
      return number
    }
  }

  private func integer(_ bytes: [UInt8], _ offset: Int) -> Int32 {
    switch format {
    case .pcm8: Int32(bytes[offset]) - 128
    case .pcm16: Int32(Int16(bitPattern: littleEndian(bytes, offset)))
    case .pcm24:
      // The sign is that of the highest of the three bytes.
      Int32(bitPattern: UInt32(bytes[offset]) << 8 | UInt32(bytes[offset + 1]) << 16 | UInt32(bytes[offset + 2]) << 24)
        >> 8
    default: Int32(bitPattern: littleEndian(bytes, offset))
    }
  }
}

extension WAVFile {
  /// Writes a file, which replaces an existing one after it is complete.
  ///
  /// ```swift
  /// try WAVFile.write(signal, sampleRate: 16_000, to: "filtered.wav")
  /// ```
  /// - Parameters:
  ///   - samples: The samples, `[channels, frames]` or `[frames]`, from −1 to 1. Integers are rounded to the nearest
  ///     one, numbers out of range become the lowest or highest one, and NaN becomes 0.
  ///   - sampleRate: The number of frames per second, at least 1.
  ///   - path: The path.
  ///   - format: How samples are stored; integers of 16 bits by default.
  /// - Throws: `DataError` if the file cannot be written, or would have more than 4 GiB or more than 65,535
  ///   bytes for a frame; `DeviceError`.
  public static func write(_ samples: Tensor, sampleRate: Int, to path: String, format: Format = .pcm16) throws {
    let samples = samples.rank == 1 ? samples.expanded(axis: 0) : samples
    guard samples.rank == 2, (1...Int(UInt16.max)).contains(samples.shape[0]), samples.dtype != .bool else {
      ProgrammerError.end(
        "WAVFile.write: \(samples.dtype) of shape \(samples.shape); numbers are [channels, frames]",
        hint: "there are 1 to \(UInt16.max) channels"
      )
    }
    if UInt32(exactly: sampleRate) == nil || sampleRate == 0 {
      ProgrammerError.end("WAVFile.write: a sample rate of \(sampleRate); it is from 1 to \(UInt32.max)")
    }
    let header = WAVHeader(
      format: format, channels: samples.shape[0], sampleRate: sampleRate, frames: samples.shape[1])
    guard let bytes = header.bytes else {
      throw DataError.unreadable(
        file: path,
        reason:
          "samples of shape \(samples.shape) do not fit a WAV file: at most 4 GiB, and \(UInt16.max) bytes for a frame")
    }
    do {
      let writer = try FileWriter(path)
      try writer.write(bytes)
      try header.writeSamples(samples, to: writer)
      try writer.commit()
    } catch let error as FileError {
      throw DataError(error)
    }
  }
}
