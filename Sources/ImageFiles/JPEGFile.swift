import CImageLibraries
import CPixels
import Datasets
import HostSystem

/// The bytes of a JPEG file (ISO 10918-1), decoded by libjpeg-turbo.
struct JPEGFile {
  static let signature: [UInt8] = [0xFF, 0xD8, 0xFF]

  private let bytes: [UInt8]
  private let name: String
  /// The orientation in the Exif data; 1 without.
  private let orientation: Int

  /// Of several warnings, the library notes the first one alone. So that each of them is about missing or wrong pixels,
  /// it gets the file without harmless bytes between the segments.
  init(_ file: [UInt8], _ name: String) {
    let header = JPEGHeader(file)
    bytes = header.joined(file)
    orientation = Exif.orientation(inSegments: header.segments.lazy.map { file[$0] }) ?? 1
    self.name = name
  }

  /// Decodes the picture.
  func image(_ request: Image.Request) throws(DataError) -> Image {
    let library = try ImageLibraries.jpeg(for: name)
    guard let handle = library.tjInitDecompress() else { throw .unreadable(file: name, reason: "out of memory") }
    let decoder = Decoder(library: library, handle: handle)
    defer { _ = library.tjDestroy(handle) }
    let (fullHeight, fullWidth, space) = try header(decoder)
    let isInk = space == nn_jpeg_cmyk || space == nn_jpeg_ycck
    // A progressive file is decoded as a whole: two bytes for each coefficient of three colors or four inks, and up to
    // four bytes for the pixel.
    try Image.check(height: fullHeight, width: fullWidth, limit: request.pixelLimit, perPixel: isInk ? 12 : 10, name)
    let shift = reduction(fullHeight, fullWidth, request.enough, turns: orientation >= 5)
    let (height, width) = (fullHeight.shiftedRoundingUp(shift), fullWidth.shiftedRoundingUp(shift))
    let channels = request.channels ?? (space == nn_jpeg_gray ? .gray : .rgb)
    let format: nn_jpeg_pixels
    switch channels {
    case _ where isInk: format = nn_jpeg_pixels_cmyk
    case .gray: format = nn_jpeg_pixels_gray
    case .rgb: format = nn_jpeg_pixels_rgb
    case .rgba: format = nn_jpeg_pixels_rgba
    }
    var pixels = try decode(
      decoder, height, width, format, channels: isInk ? 4 : channels.count, ignoresExtraBytes: request.ignoresExtraBytes
    )
    if isInk { pixels = colors(ofInk: pixels, channels) }
    return Image(height: height, width: width, channels: channels, bytes: pixels).upright(from: orientation)
  }

  private func header(_ decoder: Decoder) throws(DataError) -> (height: Int, width: Int, space: nn_jpeg_space) {
    var (width, height, subsampling, space) = (Int32(-1), Int32(-1), Int32(-1), Int32(-1))
    // It fails also for files that it can decode, such as those with an unusual reduction of colors. The numbers are
    // set nevertheless.
    _ = decoder.library.tjDecompressHeader3(
      decoder.handle, bytes, UInt(bytes.count), &width, &height, &subsampling, &space)
    guard width > 0, height > 0 else { throw fault(decoder) }
    guard space >= 0 else { throw fault("a picture in gray, YCbCr, RGB, CMYK, or YCCK", "other colors") }
    return (Int(height), Int(width), nn_jpeg_space(UInt32(space)))
  }

  /// The logarithm of the factor by which both sides can be reduced.
  private func reduction(_ height: Int, _ width: Int, _ enough: (height: Int, width: Int)?, turns: Bool) -> Int {
    guard let enough else { return 0 }
    let (rows, columns) = turns ? (enough.width, enough.height) : (enough.height, enough.width)
    return (1...3).last { height >> $0 >= rows && width >> $0 >= columns } ?? 0
  }

  private func decode(
    _ decoder: Decoder, _ height: Int, _ width: Int, _ format: nn_jpeg_pixels, channels: Int, ignoresExtraBytes: Bool
  ) throws(DataError) -> [UInt8] {
    var status: Int32 = 0
    let pixels = [UInt8](unsafeUninitializedCapacity: height * width * channels) { room, count in
      guard let start = room.baseAddress else { return }
      status = decoder.library.tjDecompress2(
        decoder.handle, bytes, UInt(bytes.count), start, Int32(width), Int32(width * channels), Int32(height),
        Int32(format.rawValue), Int32(nn_jpeg_limit_scans))
      if status != 0 && ignoresExtraBytes && hasMerelyExtraBytes(decoder.words) { status = 0 }
      count = status == 0 ? height * width * channels : 0
    }
    // A warning fails, too.
    guard status == 0 else { throw fault(decoder) }
    return pixels
  }

  /// Whether the library's first warning is about bytes between the pixels and the end of the picture, which some
  /// cameras leave there. All pixels are decoded then, except with restart markers: a missing part of the pixels can
  /// begin with the same warning. Damaged pixels whose code ends early look the same.
  private func hasMerelyExtraBytes(_ words: String) -> Bool {
    guard words.hasPrefix("Corrupt JPEG data: "), words.hasSuffix(" extraneous bytes before marker 0xd9") else {
      return false
    }
    return !zip(bytes, bytes.dropFirst()).contains { $0 == 0xFF && $1 == 0xDD }
  }

  private func colors(ofInk pixels: [UInt8], _ channels: Image.Channels) -> [UInt8] {
    let count = pixels.count / 4
    let colors = [UInt8](unsafeUninitializedCapacity: 3 * count) { room, size in
      if let start = room.baseAddress {
        nn_pixels_from_cmyk(pixels, count, start)
        size = 3 * count
      }
    }
    return Image.converted(colors, count: count, from: 3, to: channels)
  }

  private func fault(_ decoder: Decoder) -> DataError {
    fault("a whole JPEG file", "damaged data (\(decoder.words))")
  }

  private func fault(_ expected: String, _ found: String) -> DataError {
    .malformed(file: name, offset: nil, expected: expected, found: found)
  }
}

/// A decoder of the library.
private struct Decoder {
  let library: nn_jpeg
  let handle: UnsafeMutableRawPointer

  /// The library's text for the last error.
  var words: String { String(cString: library.tjGetErrorStr2(handle)) }
}

extension Int {
  /// The quotient of division by 2ⁿ, rounded up, which is the size of a reduced JPEG.
  fileprivate func shiftedRoundingUp(_ n: Int) -> Int { dividedRoundingUp(by: 1 << n) }
}
