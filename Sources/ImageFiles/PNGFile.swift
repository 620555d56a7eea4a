import CImageLibraries
import Datasets
import HostSystem

/// The bytes of a PNG file (ISO 15948).
///
/// Only the chunks that determine the pixels are passed to libpng. Otherwise, it would unpack compressed texts and
/// profiles, and adapt the pixels to gamma values, which Pillow ignores.
struct PNGFile {
  static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

  private let name: String
  private let height, width: Int
  /// The number of bytes of the decompressed rows, without the additional ones of an interlaced picture.
  private let size: Int
  /// The number of bytes of compressed pixels.
  private let packed: Int
  /// The file without other chunks.
  private let bytes: [UInt8]
  private let orientation: Int
  private let isInterlaced16Bit: Bool

  /// Reads the header and finds the chunks.
  init(_ file: [UInt8], _ name: String) throws(DataError) {
    do { try HostMemory.check(file.count) } catch { throw .unreadable(file: name, reason: "\(error)") }
    var (kept, packed, orientation, position) = (PNGFile.signature, 0, 1, PNGFile.signature.count)
    kept.reserveCapacity(file.count)
    var header: [UInt8] = []
    while true {
      // A chunk has a length, a type of four letters, data, and a checksum.
      guard file.count - position >= 12 else {
        throw .malformed(file: name, offset: file.count, expected: "a whole PNG file", found: "its end")
      }
      let length = Int(bigEndian(file, position) as UInt32)
      guard length <= file.count - position - 12 else {
        throw .malformed(
          file: name, offset: position, expected: "a chunk inside the PNG file", found: "\(length) bytes of data")
      }
      let end = position + 12 + length
      let type = String(decoding: file[position + 4..<position + 8], as: UTF8.self)
      let data = file[position + 8..<end - 4]
      if header.isEmpty {
        guard type == "IHDR", length == 13 else {
          throw .malformed(file: name, offset: position, expected: "a PNG header", found: "another chunk")
        }
        header = Array(data)
      }
      // The first letter of chunks that a decoder must know is a capital.
      if file[position + 4] & 0x20 == 0 || type == "tRNS" { kept += file[position..<end] }
      if type == "IDAT" { packed += length }
      if type == "eXIf" { orientation = Exif.orientation(data) ?? orientation }
      position = end
      if type == "IEND" { break }
    }
    self.name = name
    (bytes, self.packed, self.orientation) = (kept, packed, orientation)
    (width, height) = (Int(bigEndian(header, 0) as UInt32), Int(bigEndian(header, 4) as UInt32))
    isInterlaced16Bit = header[8] == 16 && header[12] != 0
    let samples = [0: 1, 2: 3, 3: 1, 4: 2, 6: 4][header[9]] ?? 1
    let bits = Int(header[8]) * samples  // at most 1,020; a row has at most 2⁴² bits
    let (size, overflow) = (1 + width * bits / 8).multipliedReportingOverflow(by: height)
    self.size = overflow ? .max : size
  }

  /// Decodes the picture.
  func image(_ request: Image.Request) throws(DataError) -> Image {
    // 8-bit pixels, and a copy with other channels or turned.
    try Image.check(height: height, width: width, limit: request.pixelLimit, perPixel: 8, name)
    // Deflate packs at most 1,032 bytes into one.
    if size / 1032 > packed {
      throw fault("\(size) bytes of pixels for \(width)x\(height)", "\(packed) compressed bytes")
    }
    // Releases of libpng write beyond the pixels of such a file (CVE-2025-65018), and the correction in Debian 12 mixes
    // up its rows.
    if isInterlaced16Bit { throw fault("at most 8 bits in an interlaced picture", "16") }
    let (pixels, channels) = try decode()
    let wanted = request.channels ?? (channels == 1 ? .gray : channels == 3 ? .rgb : .rgba)
    let converted = Image.converted(pixels, count: height * width, from: channels, to: wanted)
    return Image(height: height, width: width, channels: wanted, bytes: converted).upright(from: orientation)
  }

  /// Calls libpng.
  private func decode() throws(DataError) -> (pixels: [UInt8], channels: Int) {
    let library = try ImageLibraries.png(for: name)
    var image = nn_png_image()
    image.version = UInt32(nn_png_version)
    defer { library.png_image_free(&image) }
    guard library.png_image_begin_read_from_memory(&image, bytes, bytes.count) != 0 else { throw fault(image) }
    // The same header was checked above.
    guard image.height == height, image.width == width else { throw fault(image) }
    // A file of 16 bits without a gamma value would be taken for linear light.
    image.flags |= UInt32(nn_png_16_bit_srgb)
    image.format &= UInt32(nn_png_alpha) | UInt32(nn_png_color)
    let channels =
      (image.format & UInt32(nn_png_color) == 0 ? 1 : 3)
      + (image.format & UInt32(nn_png_alpha) == 0 ? 0 : 1)
    var isRead = false
    let pixels = [UInt8](unsafeUninitializedCapacity: height * width * channels) { room, count in
      guard let start = room.baseAddress else { return }
      isRead = library.png_image_finish_read(&image, nil, start, Int32(width * channels), nil) != 0
      count = isRead ? height * width * channels : 0
    }
    guard isRead else { throw fault(image) }
    return (pixels, channels)
  }

  private func fault(_ image: nn_png_image) -> DataError {
    let words = withUnsafeBytes(of: image.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    return fault("a PNG file", words.isEmpty ? "damaged data" : "damaged data (\(words))")
  }

  private func fault(_ expected: String, _ found: String) -> DataError {
    .malformed(file: name, offset: nil, expected: expected, found: found)
  }
}
