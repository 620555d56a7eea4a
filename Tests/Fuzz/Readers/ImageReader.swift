import ImageFiles

extension FuzzReader {
  /// Decodes a picture in each form, and resizes it.
  static let image = FuzzReader("image") { path in
    let image = try Image(path, pixelLimit: 1 << 18)
    for channels in Image.Channels.allCases {
      let other = try Image(path, channels: channels, pixelLimit: 1 << 18)
      require(
        other.height == image.height && other.width == image.width && other.channels == channels
          && other.bytes.count == image.height * image.width * channels.count, "image: another size")
      require(channels != image.channels || other == image, "image: other pixels")
    }
    for interpolation in Image.Interpolation.allCases {
      let small = image.resized(height: 3, width: 5, interpolation: interpolation, cropToAspectRatio: true)
      require(small.bytes.count == 15 * image.channels.count, "image: another size after resizing")
    }
  }
}
