import TestSupport
import Testing
import ZlibCompression

@testable import ImageFiles

@Suite struct ResamplingTests {
  /// A picture of pseudorandom numbers.
  static func image(_ height: Int, _ width: Int, _ channels: Int) throws -> Image {
    var state: UInt32 = 1
    let bytes = (0..<height * width * channels).map { _ -> UInt8 in
      state = state &* 1_664_525 &+ 1_013_904_223
      return UInt8(state >> 24)
    }
    return Image(height: height, width: width, channels: try #require(Image.Channels(rawValue: channels)), bytes: bytes)
  }

  struct Case: Sendable {
    var channels: Int
    var interpolation: Image.Interpolation
    var from: [Int]
    var to: [Int]
    var crc: UInt32

    init(
      _ channels: Int, _ interpolation: Image.Interpolation, _ height: Int, _ width: Int, _ newHeight: Int,
      _ newWidth: Int, _ crc: UInt32
    ) {
      (self.channels, self.interpolation, self.crc) = (channels, interpolation, crc)
      (from, to) = ([height, width], [newHeight, newWidth])
    }
  }

  /// The checksums of what `Image.resize` of Pillow 13 returns, with each channel of RGBA by itself.
  static let cases = [
    Case(1, .nearest, 37, 53, 16, 20, 0xC1A2_8438),
    Case(1, .nearest, 37, 53, 80, 31, 0xB478_F373),
    Case(1, .nearest, 5, 3, 9, 11, 0x9A83_4390),
    Case(1, .nearest, 61, 1, 7, 5, 0x7B8D_B60A),
    Case(1, .nearest, 37, 53, 37, 20, 0xBE6F_369D),
    Case(1, .bilinear, 37, 53, 16, 20, 0x954D_36E0),
    Case(1, .bilinear, 37, 53, 80, 31, 0x85D7_7CE1),
    Case(1, .bilinear, 5, 3, 9, 11, 0xEDE8_5C90),
    Case(1, .bilinear, 64, 1, 7, 5, 0xA912_8B66),
    Case(1, .bilinear, 37, 53, 37, 20, 0xF85E_A96F),
    Case(1, .bicubic, 37, 53, 16, 20, 0xA6FF_6EC4),
    Case(1, .bicubic, 37, 53, 80, 31, 0x6CC5_1733),
    Case(1, .bicubic, 5, 3, 9, 11, 0xD58D_9E3D),
    Case(1, .bicubic, 64, 1, 7, 5, 0x62F9_3268),
    Case(1, .bicubic, 37, 53, 37, 20, 0x584E_865E),
    Case(3, .nearest, 37, 53, 16, 20, 0xC94B_4A71),
    Case(3, .nearest, 37, 53, 80, 31, 0x0AED_C359),
    Case(3, .nearest, 5, 3, 9, 11, 0xE175_9BA8),
    Case(3, .nearest, 61, 1, 7, 5, 0xC2B3_1087),
    Case(3, .nearest, 37, 53, 37, 20, 0x50D8_9752),
    Case(3, .bilinear, 37, 53, 16, 20, 0xA51A_9A1C),
    Case(3, .bilinear, 37, 53, 80, 31, 0xB807_E248),
    Case(3, .bilinear, 5, 3, 9, 11, 0xE6DA_4A89),
    Case(3, .bilinear, 64, 1, 7, 5, 0x8F47_F45B),
    Case(3, .bilinear, 37, 53, 37, 20, 0xC829_4C6D),
    Case(3, .bicubic, 37, 53, 16, 20, 0x9EBA_9A93),
    Case(3, .bicubic, 37, 53, 80, 31, 0x9A4F_5DB0),
    Case(3, .bicubic, 5, 3, 9, 11, 0x5655_0687),
    Case(3, .bicubic, 64, 1, 7, 5, 0x03F9_AA56),
    Case(3, .bicubic, 37, 53, 37, 20, 0x9367_6E1C),
    Case(4, .nearest, 37, 53, 16, 20, 0x3173_D6C9),
    Case(4, .nearest, 37, 53, 80, 31, 0x4592_1CDB),
    Case(4, .nearest, 5, 3, 9, 11, 0x5A5A_58AD),
    Case(4, .nearest, 61, 1, 7, 5, 0x3925_41AC),
    Case(4, .nearest, 37, 53, 37, 20, 0x3C12_A41E),
    Case(4, .bilinear, 37, 53, 16, 20, 0xD67D_4B07),
    Case(4, .bilinear, 37, 53, 80, 31, 0xC0CF_C04D),
    Case(4, .bilinear, 5, 3, 9, 11, 0xEF37_F77D),
    Case(4, .bilinear, 64, 1, 7, 5, 0xA921_3C32),
    Case(4, .bilinear, 37, 53, 37, 20, 0x5FD7_45CE),
    Case(4, .bicubic, 37, 53, 16, 20, 0xCAC5_1A75),
    Case(4, .bicubic, 37, 53, 80, 31, 0x83D5_B09B),
    Case(4, .bicubic, 5, 3, 9, 11, 0x60E4_D37B),
    Case(4, .bicubic, 64, 1, 7, 5, 0x4C75_DEBE),
    Case(4, .bicubic, 37, 53, 37, 20, 0x2526_D9B9),
  ]

  @Test(arguments: cases) func theResultIsPillows(_ one: Case) throws {
    let image = try Self.image(one.from[0], one.from[1], one.channels)
    let resized = image.resized(height: one.to[0], width: one.to[1], interpolation: one.interpolation)
    #expect(resized.height == one.to[0] && resized.width == one.to[1])
    #expect(Compression.crc32(resized.bytes) == one.crc)
  }

  /// Numbers from Pillow, in full.
  @Test func sixToThreeColumns() throws {
    let image = try Self.image(7, 6, 1)
    #expect(image.resized(height: 2, width: 3).bytes == [135, 114, 103, 144, 140, 143])
    #expect(image.resized(height: 2, width: 3, interpolation: .bicubic).bytes == [135, 112, 98, 146, 140, 145])
  }

  /// The same as cutting off the margins first.
  @Test(arguments: Image.Interpolation.allCases) func marginsAreCutOff(_ interpolation: Image.Interpolation) throws {
    let image = try Self.image(10, 7, 3)
    // A window of 7x7 from row 1, and one of 10x5 from column 1.
    let middle = Image(height: 7, width: 7, channels: .rgb, bytes: Array(image.bytes[21..<168]))
    #expect(
      image.resized(height: 4, width: 4, interpolation: interpolation, cropToAspectRatio: true)
        == middle.resized(height: 4, width: 4, interpolation: interpolation))
    let columns = (0..<10).flatMap { (row: Int) -> ArraySlice<UInt8> in image.bytes[(21 * row + 3)..<(21 * row + 18)] }
    #expect(
      image.resized(height: 8, width: 4, interpolation: interpolation, cropToAspectRatio: true)
        == Image(height: 10, width: 5, channels: .rgb, bytes: columns).resized(
          height: 8, width: 4, interpolation: interpolation))
    // Never less than a row.
    #expect(image.resized(height: 1, width: 1000, interpolation: interpolation, cropToAspectRatio: true).width == 1000)
  }

  @Test func theSameSizeIsTheSamePicture() throws {
    let image = try Self.image(6, 5, 4)
    for interpolation in Image.Interpolation.allCases {
      #expect(image.resized(height: 6, width: 5, interpolation: interpolation) == image)
    }
  }

  @Test func tensorsHaveChannelsFirst() throws {
    let image = Image(height: 1, width: 2, channels: .rgb, bytes: [0, 51, 102, 153, 204, 255])
    let tensor = image.tensor()
    #expect(tensor.shape == [3, 1, 2])
    let expected: [Float] = [0, 153, 51, 204, 102, 255]
    #expect(try tensor.scalars() == expected.map { $0 / 255 })
  }

  @Test(arguments: [(0, 5), (5, 0), (1 << 17, 5)]) func sizesThatMakeNoSense(_ height: Int, _ width: Int) async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [height, width] in
      _ = try ResamplingTests.image(2, 2, 1).resized(height: height, width: width)
    }
    let words = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(words.contains("Image.resized: height and width are from 1 to 65536, not \(height) and \(width)"))
  }
}
