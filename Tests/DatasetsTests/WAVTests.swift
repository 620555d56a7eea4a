import Datasets
import Files
import HostSystem
import NeuralNetworks
import TestSupport
import Testing

/// WAV files of Python's `wave` module are read, and it reads those written here.
@Suite struct WAVTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A chunk, with a byte for an even size.
  static func chunk(_ name: String, _ bytes: [UInt8], size: UInt32? = nil) -> [UInt8] {
    Array(name.utf8) + littleEndianBytes(of: size ?? UInt32(bytes.count)) + bytes
      + (bytes.count % 2 == 0 ? [] : [0])
  }

  static func format(
    _ code: UInt16 = 1, channels: UInt16 = 1, rate: UInt32 = 8000, bits: UInt16 = 16, stride: UInt16? = nil
  ) -> [UInt8] {
    let stride = stride ?? channels * bits / 8
    return littleEndianBytes(of: code) + littleEndianBytes(of: channels) + littleEndianBytes(of: rate)
      + littleEndianBytes(of: rate * UInt32(stride)) + littleEndianBytes(of: stride) + littleEndianBytes(of: bits)
  }

  static func file(_ chunks: [UInt8]..., form: String = "RIFF") -> [UInt8] {
    let bytes = chunks.flatMap { $0 }
    return Array(form.utf8) + littleEndianBytes(of: UInt32(bytes.count + 4)) + Array("WAVE".utf8) + bytes
  }

  private func read(_ bytes: [UInt8]) throws -> WAVFile { try WAVFile(folder.write(bytes, "x.wav")) }

  // MARK: Python

  @Test func readsWhatPythonWrites() throws {
    let script = """
      import wave
      for size in (1, 2, 3, 4):
          with wave.open(f"{sys.argv[1]}/{size}.wav", "wb") as file:
              file.setparams((3, size, 22050, 0, "NONE", ""))
              values = [(place * 2654435761) % 256 ** size for place in range(3 * 1001)]
              file.writeframes(b"".join(value.to_bytes(size, "little") for value in values))
              signed = [value - 128 if size == 1 else (value + 256 ** size // 2) % 256 ** size - 256 ** size // 2
                        for value in values]
              print(*(np.float64(value) / 2 ** (8 * size - 1) for value in signed))
      """
    guard let output = try Python.run(script, [folder.path]) else { return }
    let lines = output.split(separator: "\n")
    for (index, format) in [WAVFile.Format.pcm8, .pcm16, .pcm24, .pcm32].enumerated() {
      let file = try WAVFile(folder("\(index + 1).wav"))
      #expect(file.format == format && file.channels == 3 && file.sampleRate == 22_050 && file.frames == 1001)
      let expected = lines[index].split(separator: " ").compactMap { Double($0).map { Float($0) } }
      let samples = try file.samples()
      #expect(samples.shape == [3, 1001] && samples.dtype == .float32)
      #expect(try samples.transposed().scalars() == expected)
      #expect(try file.samples(in: 500..<502).scalars() == samples[.all, 500..<502].scalars())
      #expect(try file.samples(in: 7..<7).shape == [3, 0])
    }
  }

  @Test func pythonReadsWhatIsWritten() throws {
    let samples = Tensor([[-2, -1, -0.5, 0, .nan], [0.25, 0.3, 0.9999, 1, 2]] as [[Float]])
    for format in [WAVFile.Format.pcm8, .pcm16, .pcm24, .pcm32] {
      try WAVFile.write(samples, sampleRate: 44_100, to: folder("\(format.size).wav"), format: format)
    }
    let script = """
      import wave
      for size in (1, 2, 3, 4):
          with wave.open(f"{sys.argv[1]}/{size}.wav") as file:
              assert file.getparams()[:4] == (2, size, 44100, 5), file.getparams()
              data = file.readframes(5)
              print(*(int.from_bytes(data[place:place + size], "little", signed=size > 1)
                      for place in range(0, len(data), size)))
      """
    guard let output = try Python.run(script, [folder.path]) else { return }
    func line(_ numbers: [Double], _ scale: Double, _ zero: Int) -> String {
      numbers.map { String(Int(min(max((Double(Float($0)) * scale).rounded(), -scale), scale - 1)) + zero) }
        .joined(separator: " ")
    }
    let interleaved = [-2, 0.25, -1, 0.3, -0.5, 0.9999, 0, 1, 0, 2]
    let expected = [line(interleaved, 128, 128)] + [0x1p15, 0x1p23, 0x1p31].map { line(interleaved, $0, 0) }
    #expect(output.split(separator: "\n").map(String.init) == expected)
  }

  // MARK: Forms

  /// Floating-point numbers do not change, also out of range. The bytes are those that `scipy.io.wavfile` writes.
  @Test func floatingPoint() throws {
    let samples = Tensor([[1.5, -0.1, 1e-30]] as [[Float]])
    for format in [WAVFile.Format.float32, .float64] {
      try WAVFile.write(samples, sampleRate: 16_000, to: folder("f.wav"), format: format)
      let file = try WAVFile(folder("f.wav"))
      #expect(file.format == format && file.sampleRate == 16_000)
      #expect(try file.samples().scalars() == samples.scalars())
    }
    let bytes = try folder.bytes("f.wav")
    let expected = Self.file(
      Self.chunk("fmt ", Self.format(3, rate: 16_000, bits: 64) + [0, 0]), Self.chunk("fact", [3, 0, 0, 0]),
      Self.chunk(
        "data", [1.5, Double(Float(-0.1)), Double(Float(1e-30))].flatMap { littleEndianBytes(of: $0.bitPattern) }))
    #expect(bytes == expected)
    try WAVFile.write(Tensor([0.5]), sampleRate: 1, to: folder("v.wav"), format: .pcm8)
    #expect(try folder.bytes("v.wav").suffix(2) == [192, 0] && WAVFile(folder("v.wav")).frames == 1)
  }

  @Test func otherChunks() throws {
    let data = Self.chunk("data", [1, 0, 255, 255])
    let extensible =
      Self.format(0xFFFE) + [
        22, 0, 16, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71,
      ]
    for bytes in [
      Self.file(Self.chunk("LIST", [1, 2, 3]), Self.chunk("fmt ", Self.format()), Self.chunk("x   ", []), data),
      Self.file(Self.chunk("fmt ", extensible), data, Self.chunk("id3 ", [9])),
      // A size that a program did not know, and half of a frame at the end.
      Self.file(Self.chunk("fmt ", Self.format()), Self.chunk("data", [1, 0, 255, 255], size: .max)) + [7],
    ] {
      let file = try read(bytes)
      #expect(file.frames == 2)
      #expect(try file.samples().scalars() == [0x1p-15, -0x1p-15])
    }
  }

  @Test func refusals() throws {
    let format = Self.chunk("fmt ", Self.format()), data = Self.chunk("data", [1, 0])
    let float = Self.chunk("fmt ", Self.format(3, bits: 32))
    let cases: [(bytes: [UInt8], fragments: [String])] = [
      ([], ["byte 0", "a WAV file", "the end of the file"]),
      (Array("RIFF????WAVX".utf8), ["byte 0", "other bytes"]),
      (Self.file(format, data, form: "RF64"), ["byte 0", "RF64", "at most 4 GiB"]),
      (Self.file(format, data, form: "RIFX"), ["RIFX", "little-endian"]),
      (Self.file(data), ["byte 12", "before the samples"]),
      (Self.file(format), ["byte 36", "\"data\"", "the end of the file"]),
      (Self.file(Self.chunk("fmt ", [1, 0])), ["byte 16", "at least 16 bytes", "found 2"]),
      (Self.file(Self.chunk("fmt ", Self.format(7, bits: 8)), data), ["byte 20", "format 7 of 8 bits"]),
      (Self.file(Self.chunk("fmt ", Self.format(1, bits: 12)), data), ["format 1 of 12 bits"]),
      (Self.file(Self.chunk("fmt ", Self.format(0xFFFE)), data), ["byte 16", "extensible", "at least 40"]),
      (
        Self.file(Self.chunk("fmt ", Self.format(0xFFFE) + [UInt8](repeating: 1, count: 24)), data),
        ["byte 44", "identifier"]
      ),
      (Self.file(Self.chunk("fmt ", Self.format(channels: 0)), data), ["byte 22", "at least 1 channel"]),
      (Self.file(Self.chunk("fmt ", Self.format(rate: 0)), data), ["byte 24", "sample rate"]),
      (Self.file(Self.chunk("fmt ", Self.format(stride: 3)), data), ["byte 32", "2 bytes for a frame", "found 3"]),
      (Self.file(format, Self.chunk("data", [1, 0], size: 8)), ["byte 40", "8 bytes of samples", "found 2"]),
      (Self.file(format, Self.chunk("data", [1, 0, 2])), ["byte 40", "frames of 2 bytes", "3 bytes"]),
      (
        Self.file(float, Self.chunk("data", [0, 0, 0, 0, 0, 0, 0x80, 0x7F])), ["byte 48", "a finite float32", "inf"]
      ),
      (
        Self.file(format) + (0..<4100).flatMap { _ in Self.chunk("junk", []) }, ["4096 chunks"]
      ),
      (Self.file(Self.chunk("junk", [], size: .max)), ["the end of the file"]),
    ]
    for (bytes, fragments) in cases {
      let error = #expect(throws: DataError.self) { _ = try read(bytes).samples() }
      let words = error?.description ?? ""
      for fragment in fragments { #expect(words.contains(fragment), "\"\(fragment)\" is missing in: \(words)") }
    }
    #expect(throws: DataError.missingFile(folder("none.wav"))) { _ = try WAVFile(folder("none.wav")) }
    #expect(throws: DataError.self) { try WAVFile.write(.zeros([2]), sampleRate: 1, to: folder("no/x.wav")) }
  }

  /// A frame of more than 65,535 bytes does not fit the header.
  @Test func tooManyChannels() throws {
    let samples = Tensor.zeros([1, 4]).broadcast(to: [20_000, 4])
    let error = #expect(throws: DataError.self) {
      try WAVFile.write(samples, sampleRate: 8000, to: folder("x.wav"), format: .float32)
    }
    #expect(error?.description.contains("[20000, 4]") == true)
    #expect(try folder.names.isEmpty)
  }

  @Test func mistakes() async {
    await #expect(processExitsWith: .failure) {
      try WAVFile.write(Tensor([true]), sampleRate: 8000, to: "/nowhere/x.wav")
    }
    await #expect(processExitsWith: .failure) {
      try WAVFile.write(Tensor([1]), sampleRate: 0, to: "/nowhere/x.wav")
    }
  }
}
