import CPixels
import Datasets
import Files
import HostSystem
import NeuralNetworks

/// A picture from a PNG or JPEG file: 8-bit numbers, row by row, with the channels of a pixel next to each other.
///
/// ```swift
/// let image = try Image("cat.jpg", channels: .rgb).resized(height: 224, width: 224)
/// let input = image.tensor()  // float32 [3, 224, 224] from 0 to 1
/// ```
///
/// The format is detected from the first bytes, not from the name. PNG is read in all forms (1 to 16 bits, palettes,
/// transparency, interlaced) except interlaced with 16 bits, and JPEG in baseline and progressive form (gray, YCbCr,
/// RGB, and the inverted CMYK and YCCK of Adobe's programs). Gamma and color profiles are ignored. The pixels are those
/// of Pillow, with two exceptions: numbers of 16 bits are rounded to 8 bits, and an orientation in the Exif data is
/// applied, as picture viewers do (Pillow's `ImageOps.exif_transpose`; Keras and torchvision ignore it).
public struct Image: Sendable, Hashable {
  /// The numbers of a pixel.
  public enum Channels: Int, Sendable, CaseIterable {
    /// One number. That of a color picture is the luma 0.299 red + 0.587 green + 0.114 blue (ITU-R BT.601); a JPEG
    /// contains it, so its colors are not decoded.
    case gray = 1
    /// Red, green, and blue; three equal numbers for a gray picture. Transparency is dropped, as by Pillow's
    /// `convert("RGB")`.
    case rgb = 3
    /// Red, green, blue, and alpha, which is 255 for an opaque pixel. Colors are not multiplied by alpha.
    case rgba = 4

    /// The number of channels.
    public var count: Int { rawValue }
  }

  /// The default maximum number of pixels of a picture, 100 million: up to 1.2 GB of memory while it is decoded.
  public static let defaultPixelLimit = 100_000_000
  /// The maximum size of a file in bytes.
  static let largestFile = 1 << 30

  /// The number of pixel rows.
  public let height: Int
  /// The number of pixel columns.
  public let width: Int
  /// The channels of each pixel.
  public let channels: Channels
  /// The numbers, `height · width · channels.count`.
  public let bytes: [UInt8]

  init(height: Int, width: Int, channels: Channels, bytes: [UInt8]) {
    (self.height, self.width, self.channels, self.bytes) = (height, width, channels, bytes)
  }

  /// Reads a PNG or JPEG file.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - channels: The channels of the result; nil for those of the file, where a palette counts as color.
  ///   - pixelLimit: The maximum number of pixels, which is checked before memory is allocated for them.
  ///   - ignoresExtraBytes: Whether a JPEG with bytes between its pixels and its end is read, as most programs do. A few
  ///     pictures of well-known collections have such bytes. Damaged pixels whose code ends early look the same, so
  ///     this is false by default.
  /// - Throws: `DataError` if the file cannot be read, is neither a PNG nor a JPEG file, is damaged or truncated, or
  ///   has too many pixels.
  public init(
    _ path: String, channels: Channels? = nil, pixelLimit: Int = defaultPixelLimit, ignoresExtraBytes: Bool = false
  ) throws {
    self = try Image.read(
      path, Request(channels: channels, pixelLimit: pixelLimit, ignoresExtraBytes: ignoresExtraBytes))
  }

  /// Decodes the bytes of a PNG or JPEG file.
  ///
  /// - Parameters:
  ///   - bytes: The contents of the file.
  ///   - name: The name of the picture in messages.
  ///   - channels: The channels of the result; nil for those of the file, where a palette counts as color.
  ///   - pixelLimit: The maximum number of pixels, which is checked before memory is allocated for them.
  ///   - ignoresExtraBytes: Whether a JPEG with bytes between its pixels and its end is read, as most programs do. A few
  ///     pictures of well-known collections have such bytes. Damaged pixels whose code ends early look the same, so
  ///     this is false by default.
  /// - Throws: `DataError`, like `init(_:channels:pixelLimit:ignoresExtraBytes:)`.
  public init(
    decoding bytes: [UInt8], name: String = "image", channels: Channels? = nil, pixelLimit: Int = defaultPixelLimit,
    ignoresExtraBytes: Bool = false
  ) throws {
    self = try Image.decode(
      bytes, name, Request(channels: channels, pixelLimit: pixelLimit, ignoresExtraBytes: ignoresExtraBytes))
  }

  /// What is wanted of a decoder.
  struct Request: Sendable {
    var channels: Channels?
    var pixelLimit = defaultPixelLimit
    var ignoresExtraBytes = false
    /// A height and a width that the result needs at least. A JPEG may be decoded to 1/2, 1/4, or 1/8 of its size if
    /// neither side becomes smaller.
    var enough: (height: Int, width: Int)?
  }

  static func read(_ path: String, _ request: Request) throws(DataError) -> Image {
    let bytes: [UInt8]
    do { bytes = try FileReader.read(path, limit: largestFile) } catch { throw DataError(error) }
    return try decode(bytes, path, request)
  }

  private static func decode(_ bytes: [UInt8], _ name: String, _ request: Request) throws(DataError) -> Image {
    if bytes.starts(with: PNGFile.signature) { return try PNGFile(bytes, name).image(request) }
    if bytes.starts(with: JPEGFile.signature) { return try JPEGFile(bytes, name).image(request) }
    let found = bytes.isEmpty ? "an empty file" : "the bytes \(bytes.prefix(4).map(hexadecimal).joined(separator: " "))"
    throw .malformed(file: name, offset: 0, expected: "the signature of a PNG or JPEG picture", found: found)
  }

  /// The numbers divided by 255, as float32 `[channels, height, width]`.
  public func tensor(on device: Device = .cpu) -> Tensor {
    requireMemory(for: "Image.tensor", bytes.count, of: MemoryLayout<Float>.stride)
    let values = [Float](unsafeUninitializedCapacity: bytes.count) { values, count in
      if let start = values.baseAddress { writePlanes(to: start) }
      count = bytes.count
    }
    return Tensor(values, shape: [channels.count, height, width], on: device)
  }

  /// Writes the numbers divided by 255, channel after channel.
  func writePlanes(to values: UnsafeMutablePointer<Float>) {
    nn_pixels_planes(bytes, height * width, Int32(channels.count), values)
  }

  /// Returns the picture with other channels.
  public func converted(to channels: Channels) -> Image {
    if channels == self.channels { return self }
    return Image(
      height: height, width: width, channels: channels,
      bytes: Image.converted(bytes, count: height * width, from: self.channels.count, to: channels))
  }

  /// Converts pixels with 1, 2 (gray and alpha), 3, or 4 channels.
  static func converted(_ bytes: [UInt8], count: Int, from channels: Int, to result: Channels) -> [UInt8] {
    if channels == result.count { return bytes }
    return [UInt8](unsafeUninitializedCapacity: count * result.count) { room, size in
      if let start = room.baseAddress {
        nn_pixels_convert(bytes, count, Int32(channels), start, Int32(result.count))
        size = count * result.count
      }
    }
  }

  /// Throws if a picture of this size has too many pixels, or needs too much memory.
  /// - Parameters:
  ///   - name: The name of the file.
  ///   - perPixel: The number of bytes that decoding needs for each pixel.
  static func check(height: Int, width: Int, limit: Int, perPixel: Int, _ name: String) throws(DataError) {
    let (pixels, overflow) = height.multipliedReportingOverflow(by: width)
    if overflow || pixels > limit {
      throw .malformed(
        file: name, offset: nil, expected: "at most \(limit) pixels", found: "a picture of \(width)x\(height)")
    }
    do { try HostMemory.check(pixels, of: perPixel) } catch { throw .unreadable(file: name, reason: "\(error)") }
  }
}
