import CImageLibraries
import Datasets
import TestSupport
import Testing

@testable import ImageFiles

@Suite struct PNGTests {
  @Test func missingLibraries() {
    #expect(ImageLibraries.opened("libnothing.so", nn_png_open) == nil)
    #expect(ImageLibraries.opened("libc.so.6", nn_jpeg_open) == nil)
    #expect("\(ImageLibraries.missing("libpng16-16", "a.png"))".contains("apt-get install libpng16-16"))
  }

  /// Numbers for a picture of 5 rows and 7 columns.
  static func samples(_ channels: Int, depth: Int) -> [Int] {
    var state: UInt32 = 1
    return (0..<35 * channels).map { _ in
      state = state &* 1_664_525 &+ 1_013_904_223
      return Int(state >> (32 - UInt32(depth)))
    }
  }

  /// The 8-bit numbers of samples of another depth.
  static func scaled(_ samples: [Int], depth: Int) -> [UInt8] {
    let most = 1 << depth - 1
    return samples.map { UInt8((2 * $0 * 255 + most) / (2 * most)) }
  }

  static let gray = [1, 2, 4, 8, 16]

  @Test(arguments: gray, [false, true]) func grayOfAllDepths(depth: Int, isInterlaced: Bool) throws {
    let samples = Self.samples(1, depth: depth)
    let file = PNGSample(width: 7, height: 5, depth: depth, kind: 0, samples: samples, isInterlaced: isInterlaced)
    if isInterlaced && depth == 16 {
      let words = Self.fault(try file.bytes)
      #expect(words == "x.png: expected at most 8 bits in an interlaced picture, found 16")
      return
    }
    let image = try Image(decoding: try file.bytes)
    #expect(image.height == 5 && image.width == 7 && image.channels == .gray)
    #expect(image.bytes == Self.scaled(samples, depth: depth))
    let color = try Image(decoding: try file.bytes, channels: .rgb)
    #expect(color.bytes == image.bytes.flatMap { [$0, $0, $0] })
  }

  @Test(arguments: [8, 16], [2, 4, 6]) func colorAndAlpha(depth: Int, kind: Int) throws {
    let channels = kind == 2 ? 3 : kind == 4 ? 2 : 4
    let samples = Self.samples(channels, depth: depth)
    let expected = Self.scaled(samples, depth: depth)
    for isInterlaced in [false, true] where !isInterlaced || depth == 8 {
      let file = try PNGSample(
        width: 7, height: 5, depth: depth, kind: kind, samples: samples, isInterlaced: isInterlaced
      ).bytes
      let image = try Image(decoding: file)
      let rgb = try Image(decoding: file, channels: .rgb)
      switch kind {
      case 2: #expect(image.channels == .rgb && image.bytes == expected)
      case 4:
        #expect(image.channels == .rgba)
        #expect(try Image(decoding: file, channels: .gray).bytes == (0..<35).map { expected[2 * $0] })
      default:
        #expect(image.channels == .rgba && image.bytes == expected)
        // Transparency is dropped, not mixed with a background.
        #expect(rgb.bytes == expected.indices.filter { $0 % 4 < 3 }.map { expected[$0] })
      }
      #expect(try rgb == Image(decoding: file).converted(to: .rgb))
    }
  }

  @Test(arguments: [1, 2, 4, 8]) func palettes(depth: Int) throws {
    let samples = Self.samples(1, depth: depth).map { $0 % 5 }
    let palette: [UInt8] = [10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120, 130, 140, 150]
    let colors = Array(palette.prefix(3 * min(5, 1 << depth)))
    let file = PNGSample(width: 7, height: 5, depth: depth, kind: 3, samples: samples, chunks: [("PLTE", colors)])
    let expected = samples.flatMap { palette[3 * $0..<3 * $0 + 3] }
    #expect(try Image(decoding: try file.bytes).bytes == expected)
    var clear = file
    clear.chunks.append(("tRNS", [0, 100]))
    let image = try Image(decoding: try clear.bytes)
    #expect(image.channels == .rgba)
    #expect(
      image.bytes.indices.filter { $0 % 4 == 3 }.map { image.bytes[$0] } == samples.map { [0, 100, 255, 255, 255][$0] })
    #expect(try Image(decoding: try clear.bytes, channels: .rgb).bytes == expected)
  }

  /// Luma as by Pillow: (19595 red + 38470 green + 7471 blue + 32768) >> 16.
  @Test func colorsBecomeGray() throws {
    let samples = [255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255, 12, 200, 77, 0, 0, 0]
    let file = try PNGSample(width: 3, height: 2, samples: samples).bytes
    #expect(try Image(decoding: file, channels: .gray).bytes == [76, 150, 29, 255, 130, 0])
    #expect(try Image(decoding: file, channels: .rgba).bytes.prefix(8) == [255, 0, 0, 255, 0, 255, 0, 255])
  }

  /// Pillow ignores them, too.
  @Test func gammaAndTextsDoNotMatter() throws {
    let samples = Self.samples(3, depth: 8)
    let plain = PNGSample(width: 7, height: 5, samples: samples)
    var other = plain
    let profile = Array("p".utf8) + [0, 0] + (try PNGSample.packed([UInt8](repeating: 0, count: 1 << 20)))
    other.chunks = [
      ("gAMA", PNGSample.four(100_000)), ("iCCP", profile), ("zTXt", profile), ("tEXt", Array("a".utf8)),
      ("teSt", [1, 2, 3]),
    ]
    #expect(try Image(decoding: try other.bytes) == Image(decoding: try plain.bytes))
  }

  @Test func theOrientationIsApplied() throws {
    var file = PNGSample(width: 2, height: 1, kind: 0, samples: [1, 2])
    file.chunks = [("eXIf", Array("II".utf8) + [42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0])]
    let image = try Image(decoding: try file.bytes)
    #expect(image.height == 2 && image.width == 1 && image.bytes == [1, 2])
  }

  static func fault(_ bytes: [UInt8], limit: Int = Image.defaultPixelLimit) -> String {
    do {
      _ = try Image(decoding: bytes, name: "x.png", pixelLimit: limit)
      return "none"
    } catch let error as DataError { return error.description } catch { return "another error: \(error)" }
  }

  @Test func damagedFilesAreRefused() throws {
    let file = try PNGSample(width: 7, height: 5, samples: Self.samples(3, depth: 8)).bytes
    for count in file.indices { #expect(Self.fault(Array(file[..<count])).hasPrefix("x.png"), "\(count) bytes") }
    #expect(Self.fault([]) == "x.png, byte 0: expected the signature of a PNG or JPEG picture, found an empty file")
    #expect(Self.fault(Array("GIF89a".utf8)).contains("found the bytes 0x47 0x49 0x46 0x38"))
    #expect(Self.fault(Array(file[..<60])).contains("byte"))
    #expect(Self.fault(PNGSample.signature + PNGSample.chunk("IDAT", [])).contains("expected a PNG header"))
    // The end of the checksum of the compressed pixels, which precedes the last chunk.
    var wrong = file
    wrong[file.count - 13] ^= 1
    #expect(Self.fault(wrong) == "x.png: expected a PNG file, found damaged data (IDAT: CRC error)")
    // All bytes of the compressed pixels are there, but they are too few.
    let short =
      PNGSample.signature + PNGSample.header(width: 7, height: 5, 8, 2)
      + PNGSample.chunk("IDAT", try PNGSample.packed([UInt8](repeating: 0, count: 100))) + PNGSample.chunk("IEND", [])
    #expect(Self.fault(short) == "x.png: expected a PNG file, found damaged data (Not enough image data)")
  }

  @Test func sizesAreCheckedBeforeMemoryIsAllocated() throws {
    func claim(_ width: Int, _ height: Int) -> [UInt8] {
      PNGSample.signature + PNGSample.header(width: width, height: height, 8, 2) + PNGSample.chunk("IDAT", [1, 2, 3])
        + PNGSample.chunk("IEND", [])
    }
    #expect(
      Self.fault(claim(100_000, 100_000))
        == "x.png: expected at most 100000000 pixels, found a picture of 100000x100000")
    #expect(Self.fault(claim(0xFFFF_FFFF, 0xFFFF_FFFF)).contains("expected at most 100000000 pixels"))
    #expect(
      Self.fault(claim(10_000, 10_000))
        == "x.png: expected 300010000 bytes of pixels for 10000x10000, found 3 compressed bytes")
    #expect(Self.fault(claim(0, 5)).contains("damaged data"))
    let file = try PNGSample(width: 7, height: 5, samples: Self.samples(3, depth: 8)).bytes
    #expect(Self.fault(file, limit: 35) == "none")
    #expect(Self.fault(file, limit: 34).contains("at most 34 pixels, found a picture of 7x5"))
  }

  /// Bytes at random: a picture or an error in one line.
  @Test func damageNeverTraps() throws {
    let file = try PNGSample(width: 7, height: 5, samples: Self.samples(3, depth: 8)).bytes
    var random = SystemRandomNumberGenerator()
    for _ in 0..<2000 {
      var wrong = file
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        wrong[Int.random(in: 8..<file.count, using: &random)] = .random(in: 0...255, using: &random)
      }
      let words = Self.fault(wrong)
      #expect(!words.hasPrefix("another") && !words.unicodeScalars.contains { $0.value < 0x20 }, "\(words) \(wrong)")
    }
  }
}
