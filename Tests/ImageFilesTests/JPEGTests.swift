import Datasets
import TestSupport
import Testing
import ZlibCompression

@testable import ImageFiles

/// The checksums are those of the pixels that Pillow 13 decodes, with `ImageOps.exif_transpose`.
@Suite struct JPEGTests {
  static let samples: [(file: [UInt8], channels: Image.Channels, crc: UInt32)] = [
    (JPEGSamples.progressive, .rgb, 0x88E7_09B6), (JPEGSamples.gray, .gray, 0x2EFD_3795),
    (JPEGSamples.ink, .rgb, 0xD778_7D06),
  ]

  @Test(arguments: samples.indices) func pixelsArePillows(_ index: Int) throws {
    let (file, channels, crc) = Self.samples[index]
    let image = try Image(decoding: file)
    #expect(image.height == 11 && image.width == 13 && image.channels == channels)
    #expect(Compression.crc32(image.bytes) == crc)
    let rgba = try Image(decoding: file, channels: .rgba)
    #expect(rgba.bytes == image.converted(to: .rgba).bytes)
  }

  static let turned: [UInt32] = [
    0xE342_F2C5, 0x051A_5E51, 0x8E71_C4ED, 0xC1F9_47EB, 0x2563_F16A, 0x2260_10F6, 0x81A6_8474, 0x049D_D314,
  ]

  @Test(arguments: 1...8) func theOrientationIsApplied(_ orientation: Int) throws {
    var file = JPEGSamples.color
    file[JPEGSamples.orientation] = UInt8(orientation)
    let image = try Image(decoding: file)
    #expect(image.height == (orientation < 5 ? 11 : 13) && image.width == (orientation < 5 ? 13 : 11))
    #expect(Compression.crc32(image.bytes) == Self.turned[orientation - 1])
  }

  @Test func strangeOrientationsAreIgnored() throws {
    for (offset, value) in [(0, 0), (0, 9), (-1, 1), (-7, 4), (-9, 0), (-17, 0x58), (-13, 200)] as [(Int, UInt8)] {
      var file = JPEGSamples.color
      file[JPEGSamples.orientation + offset] = value
      #expect(try Compression.crc32(Image(decoding: file).bytes) == Self.turned[0], "\(offset)")
    }
  }

  /// The luma in the file, which differs from that of the rounded colors by rounding, and where colors were cut off.
  @Test func colorsBecomeGray() throws {
    let gray = try Image(decoding: JPEGSamples.progressive, channels: .gray)
    let color = try Image(decoding: JPEGSamples.progressive).converted(to: .gray)
    #expect(gray.channels == .gray && gray.bytes.count == 143)
    let differences = zip(gray.bytes, color.bytes).map { abs(Int($0) - Int($1)) }
    #expect(differences.filter { $0 > 2 }.count < 40 && differences.max() ?? 99 < 40, "\(differences)")
  }

  /// The size is a half or less of the picture, but at least what is needed.
  @Test func reducedDecoding() throws {
    func size(_ height: Int, _ width: Int) throws -> [Int] {
      let folder = try TemporaryFolder()
      let path = try folder.write(JPEGSamples.color, "x.jpg")
      let image = try Image.read(path, Image.Request(channels: .rgb, enough: (height, width)))
      return [image.height, image.width]
    }
    // Turned, the picture has 13 rows and 11 columns.
    #expect(try size(7, 5) == [13, 11])
    #expect(try size(6, 6) == [13, 11])
    #expect(try size(6, 5) == [7, 6])
    #expect(try size(3, 2) == [4, 3])
    #expect(try size(1, 1) == [2, 2])
    #expect(try size(2, 1) == [4, 3])
  }

  static func fault(_ bytes: [UInt8], ignoresExtraBytes: Bool = false) -> String {
    do {
      _ = try Image(decoding: bytes, name: "x.jpg", ignoresExtraBytes: ignoresExtraBytes)
      return "none"
    } catch let error as DataError { return error.description } catch { return "another error: \(error)" }
  }

  @Test(arguments: ["color", "progressive", "gray", "ink"]) func truncatedFilesAreRefused(_ name: String) throws {
    let samples = [
      "color": JPEGSamples.color, "progressive": JPEGSamples.progressive, "gray": JPEGSamples.gray,
      "ink": JPEGSamples.ink,
    ]
    let file = try #require(samples[name])
    for count in 3..<file.count {
      #expect(Self.fault(Array(file[..<count])).contains("x.jpg: expected a whole JPEG file, found damaged data ("))
    }
    #expect(Self.fault(file) == "none")
  }

  /// The position of a segment of a sample.
  static func position(of marker: UInt8, in file: [UInt8]) throws -> Int {
    try #require(file.indices.first { file[$0...].starts(with: [0xFF, marker]) })
  }

  /// Bytes that are no markers, fill bytes, and markers without a meaning there.
  static let extras: [[UInt8]] = [
    [1, 2, 3], [0xFF], [0xFF, 0xFF, 0xFF], [7, 0xFF, 0, 9], [0xFF, 0xD3], [0xFF, 1, 0xFF],
  ]

  @Test(arguments: extras) func bytesBetweenSegmentsAreIgnored(_ extra: [UInt8]) throws {
    for marker in [0xDB, 0xC0, 0xDA] as [UInt8] {
      var file = JPEGSamples.gray
      try file.insert(contentsOf: extra, at: Self.position(of: marker, in: file))
      #expect(try Compression.crc32(Image(decoding: file).bytes) == 0x2EFD_3795)
      // They do not hide what is missing.
      for count in 3..<file.count {
        #expect(Self.fault(Array(file[..<count])).contains("x.jpg: expected a whole JPEG file, found damaged data ("))
      }
    }
    // The Exif data are found after them.
    var turned = JPEGSamples.color
    turned.insert(contentsOf: extra, at: JPEGSamples.exif)
    #expect(try Compression.crc32(Image(decoding: turned).bytes) == Self.turned[5])
  }

  @Test func bytesAfterThePictureAreIgnored() throws {
    #expect(try Compression.crc32(Image(decoding: JPEGSamples.gray + [1, 2, 3]).bytes) == 0x2EFD_3795)
  }

  /// A wrong byte among the pixels, after which their code ends early.
  @Test func bytesThatRemainOfDamagedPixelsAreRefused() {
    var file = JPEGSamples.color
    file[349] = 0x55
    #expect(
      Self.fault(file) == "x.jpg: expected a whole JPEG file, found damaged data (Corrupt JPEG data: 56 extraneous "
        + "bytes before marker 0xd9)")
  }

  /// Bytes between the pixels and the end of the picture; many enough that the decoder does not read them ahead.
  static let rest: [UInt8] = [[UInt8]](repeating: [0x11, 0x22, 0x33], count: 20).flatMap { $0 }

  @Test(arguments: ["color", "progressive", "gray", "ink"]) func bytesAfterThePixelsAreIgnoredOnRequest(_ name: String)
    throws
  {
    let samples = [
      "color": JPEGSamples.color, "progressive": JPEGSamples.progressive, "gray": JPEGSamples.gray,
      "ink": JPEGSamples.ink,
    ]
    let file = try #require(samples[name])
    let longer: [UInt8] = file[..<(file.count - 2)] + Self.rest + [0xFF, 0xD9]
    #expect(Self.fault(longer).hasSuffix(" extraneous bytes before marker 0xd9)"))
    #expect(try Image(decoding: longer, ignoresExtraBytes: true).bytes == Image(decoding: file).bytes)
    // They do not hide what is missing before them.
    let end = try #require(file.indices.last { file[$0...].starts(with: [0xFF, 0xDA]) })
    let cut: [UInt8] = file[..<(end + 20)] + [0xFF, 0xD9]
    #expect(
      Self.fault(cut, ignoresExtraBytes: true).contains("x.jpg: expected a whole JPEG file, found damaged data ("))
  }

  /// With restart markers, a missing part of the pixels can start with the same warning as bytes after them.
  @Test func missingPixelsBetweenRestartMarkersAreRefused() throws {
    #expect(try Image(decoding: JPEGSamples.restarts).width == 24)
    let cut: [UInt8] = JPEGSamples.restarts[..<170] + Self.rest + [0xFF, 0xD9]
    #expect(Self.fault(cut, ignoresExtraBytes: true).contains("found damaged data (Corrupt JPEG data: "))
  }

  @Test func theVersionOfJFIFIsIgnored() throws {
    var file = JPEGSamples.gray
    let start = try Self.position(of: 0xE0, in: file)
    #expect(file[start + 9] == 1)
    file[start + 9] = 0
    #expect(try Compression.crc32(Image(decoding: file).bytes) == 0x2EFD_3795)
  }

  /// A file with sides of this number of pixels in its header.
  static func enlarged(_ file: [UInt8], frame marker: UInt8, to side: Int) throws -> [UInt8] {
    let (high, low) = (UInt8(side >> 8), UInt8(side & 0xFF))
    var file = file
    let start = try position(of: marker, in: file)
    file.replaceSubrange(start + 5..<start + 9, with: [high, low, high, low])
    return file
  }

  @Test func sizesAreCheckedBeforeMemoryIsAllocated() throws {
    let file = try Self.enlarged(JPEGSamples.gray, frame: 0xC0, to: 65_000)
    #expect(Self.fault(file) == "x.jpg: expected at most 100000000 pixels, found a picture of 65000x65000")
  }

  /// Two bytes for each coefficient, and the pixels: for three colors with alpha, and for four inks.
  @Test(.enabled(if: hasOrdinaryAllocator)) func theMemoryOfAProgressiveFileIsChecked() async {
    await #expect(processExitsWith: .success) {
      let color = try JPEGTests.enlarged(JPEGSamples.progressive, frame: 0xC2, to: 10_000)
      let ink = try JPEGTests.enlarged(JPEGSamples.ink, frame: 0xC0, to: 10_000)
      try #require(limitMemory(toFree: 500 << 20))
      #expect(JPEGTests.fault(color).contains("it needs 1000000000 bytes of memory"))
      #expect(JPEGTests.fault(ink).contains("it needs 1200000000 bytes of memory"))
    }
  }

  /// Bytes at random: a picture or an error in one line.
  @Test func damageNeverTraps() throws {
    var random = SystemRandomNumberGenerator()
    for file in [JPEGSamples.color, JPEGSamples.progressive, JPEGSamples.ink] {
      for _ in 0..<1000 {
        var wrong = file
        for _ in 0..<Int.random(in: 1...4, using: &random) {
          wrong[Int.random(in: 3..<file.count, using: &random)] = .random(in: 0...255, using: &random)
        }
        let words: String
        do {
          _ = try Image(decoding: wrong, name: "x.jpg", pixelLimit: 1 << 20)
          words = "none"
        } catch let error as DataError { words = error.description }
        #expect(!words.unicodeScalars.contains { $0.value < 0x20 }, "\(words)")
      }
    }
  }
}
