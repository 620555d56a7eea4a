import Files
import HostSystem
import NeuralNetworks

/// The description of the samples of a WAV file.
struct WAVHeader {
  let format: WAVFile.Format
  let channels, sampleRate, frames: Int
  /// The position of the first sample.
  let start: Int

  /// The bytes of a frame.
  private var frameSize: Int { channels * format.size }

  init(format: WAVFile.Format, channels: Int, sampleRate: Int, frames: Int) {
    (self.format, self.channels, self.sampleRate, self.frames) = (format, channels, sampleRate, frames)
    start = format.isFloatingPoint ? 58 : 44
  }
}

// MARK: Reading

extension WAVHeader {
  /// More chunks before the samples are not searched.
  private static let mostChunks = 4096
  /// What follows the format code in the identifier of a format in `WAVE_FORMAT_EXTENSIBLE`.
  private static let identifierEnd: [UInt8] = [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71]

  init(_ file: FileReader) throws(DataError) {
    let chunks = Chunks(file: file)
    try chunks.checkForm()
    var position = 12
    var format: (WAVFile.Format, channels: Int, sampleRate: Int)?
    for _ in 0..<Self.mostChunks {
      let head = try chunks.bytes(position, 8, "a chunk of format (\"fmt \") and one of samples (\"data\")")
      let size = Int(littleEndian(head, 4) as UInt32)
      switch Array(head[..<4]) {
      case Array("fmt ".utf8): format = try Self.format(chunks, position + 8, size)
      case Array("data".utf8):
        guard let format else {
          throw chunks.fault(position, "a chunk of format (\"fmt \") before the samples", "the samples")
        }
        (self.format, channels, sampleRate) = format
        start = position + 8
        let stride = format.channels * format.0.size
        // Programs that cannot seek write the highest size, and the samples extend to the end.
        let length = size == UInt32.max ? (file.size - start) / stride * stride : size
        if length > file.size - start {
          throw chunks.fault(position + 4, "\(length) bytes of samples", "\(file.size - start)")
        }
        if length % stride != 0 { throw chunks.fault(position + 4, "frames of \(stride) bytes", "\(length) bytes") }
        frames = length / stride
        return
      default: break
      }
      position += 8 + size + size % 2
    }
    throw chunks.fault(position, "samples after at most \(Self.mostChunks) chunks", "another chunk")
  }

  private static func format(
    _ chunks: Chunks, _ start: Int, _ size: Int
  ) throws(DataError) -> (WAVFile.Format, channels: Int, sampleRate: Int) {
    if size < 16 { throw chunks.fault(start - 4, "a format of at least 16 bytes", "\(size)") }
    let bytes = try chunks.bytes(start, min(size, 40), "a format of \(size) bytes")
    var code: UInt16 = littleEndian(bytes, 0)
    if code == 0xFFFE {
      if bytes.count < 40 { throw chunks.fault(start - 4, "an extensible format of at least 40 bytes", "\(size)") }
      if Array(bytes[26..<40]) != identifierEnd {
        throw chunks.fault(start + 24, "the identifier of a PCM or floating-point format", "another one")
      }
      code = littleEndian(bytes, 24)
    }
    let bits: UInt16 = littleEndian(bytes, 14)
    let format: WAVFile.Format? =
      switch (code, bits) {
      case (1, 8): .pcm8
      case (1, 16): .pcm16
      case (1, 24): .pcm24
      case (1, 32): .pcm32
      case (3, 32): .float32
      case (3, 64): .float64
      default: nil
      }
    guard let format else {
      throw chunks.fault(
        start, "PCM (format 1) of 8, 16, 24, or 32 bits, or floating-point numbers (format 3) of 32 or 64 bits",
        "format \(code) of \(bits) bits")
    }
    let (channels, rate) = (Int(littleEndian(bytes, 2) as UInt16), Int(littleEndian(bytes, 4) as UInt32))
    if channels < 1 { throw chunks.fault(start + 2, "at least 1 channel", "0") }
    if rate < 1 { throw chunks.fault(start + 4, "a sample rate of at least 1", "0") }
    let stride = Int(littleEndian(bytes, 12) as UInt16)
    if stride != channels * format.size {
      throw chunks.fault(start + 12, "\(channels * format.size) bytes for a frame", "\(stride)")
    }
    return (format, channels, rate)
  }

  /// The bytes of a file, with their position in errors.
  private struct Chunks {
    let file: FileReader

    func checkForm() throws(DataError) {
      let bytes = try bytes(0, 12, "a WAV file (\"RIFF\" and \"WAVE\")")
      let form = String(decoding: bytes[..<4], as: UTF8.self)
      if form == "RF64" || form == "RIFX" {
        throw fault(0, "a WAV file of at most 4 GiB in little-endian order (\"RIFF\")", "the form \(form)")
      }
      if form != "RIFF" || String(decoding: bytes[8...], as: UTF8.self) != "WAVE" {
        throw fault(0, "a WAV file (\"RIFF\" and \"WAVE\")", "other bytes")
      }
    }

    func bytes(_ offset: Int, _ count: Int, _ expected: String) throws(DataError) -> [UInt8] {
      if offset > file.size - count { throw fault(file.size, expected, "the end of the file") }
      do { return try file.read(at: offset, count: count) } catch { throw DataError(error) }
    }

    func fault(_ offset: Int, _ expected: String, _ found: String) -> DataError {
      .malformed(file: file.path, offset: offset, expected: expected, found: found)
    }
  }
}

// MARK: Writing

extension WAVHeader {
  /// The bytes before the samples; nil if the samples do not fit the format.
  var bytes: [UInt8]? {
    let (length, isTooLong) = frames.multipliedReportingOverflow(by: frameSize)
    let (rate, isTooFast) = UInt32(sampleRate).multipliedReportingOverflow(by: UInt32(frameSize))
    // The size of the whole file, without the first 8 bytes and with one for an even size.
    guard !isTooLong, length <= Int(UInt32.max) - start, frameSize <= UInt16.max else { return nil }
    var bytes = Array("RIFF".utf8)
    bytes += littleEndianBytes(of: UInt32(start - 8 + length + length % 2))
    bytes += Array("WAVEfmt ".utf8)
    bytes += littleEndianBytes(of: UInt32(format.isFloatingPoint ? 18 : 16))
    bytes += littleEndianBytes(of: UInt16(format.isFloatingPoint ? 3 : 1))
    bytes += littleEndianBytes(of: UInt16(channels))
    bytes += littleEndianBytes(of: UInt32(sampleRate))
    bytes += littleEndianBytes(of: isTooFast ? UInt32.max : rate)
    bytes += littleEndianBytes(of: UInt16(frameSize))
    bytes += littleEndianBytes(of: UInt16(8 * format.size))
    if format.isFloatingPoint {
      bytes += littleEndianBytes(of: UInt16(0))
      bytes += Array("fact".utf8)
      bytes += littleEndianBytes(of: UInt32(4))
      bytes += littleEndianBytes(of: UInt32(frames))
    }
    bytes += Array("data".utf8)
    bytes += littleEndianBytes(of: UInt32(length))
    return bytes
  }

  /// Writes samples `[channels, frames]` piece by piece.
  func writeSamples(_ samples: Tensor, to writer: FileWriter) throws {
    let interleaved = samples.transposed()
    let step = max(1, (1 << 16) / channels)
    for first in stride(from: 0, to: frames, by: step) {
      let numbers = try interleaved[first..<min(first + step, frames)].scalars(as: Double.self)
      var bytes: [UInt8] = []
      bytes.reserveCapacity(numbers.count * format.size)
      for number in numbers { append(number, to: &bytes) }
      try writer.write(bytes)
    }
    if frames * frameSize % 2 == 1 { try writer.write([0]) }
  }

  private func append(_ number: Double, to bytes: inout [UInt8]) {
    switch format {
    case .float32: bytes += littleEndianBytes(of: Float(number).bitPattern)
    case .float64: bytes += littleEndianBytes(of: number.bitPattern)
    case .pcm8, .pcm16, .pcm24, .pcm32:
      let scale = format.scale ?? 1
      let scaled = number.isNaN ? 0 : min(max((number * scale).rounded(), -scale), scale - 1)
      let integer = UInt32(bitPattern: Int32(scaled) &+ (format == .pcm8 ? 128 : 0))
      for index in 0..<format.size { bytes.append(UInt8(truncatingIfNeeded: integer >> (8 * UInt32(index)))) }
    }
  }
}
