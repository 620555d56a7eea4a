import CImageLibraries
import Datasets

/// The functions of libpng and libjpeg-turbo.
enum ImageLibraries {
  private static let pngFunctions = opened("libpng16.so.16", nn_png_open)
  private static let jpegFunctions = opened("libturbojpeg.so.0", nn_jpeg_open)

  static func png(for file: String) throws(DataError) -> nn_png {
    guard let pngFunctions else { throw missing("libpng16-16", file) }
    return pngFunctions
  }

  static func jpeg(for file: String) throws(DataError) -> nn_jpeg {
    guard let jpegFunctions else { throw missing("libturbojpeg0", file) }
    return jpegFunctions
  }

  /// Returns the functions of a library; nil if it is not installed.
  static func opened<Functions>(
    _ library: String, _ open: (UnsafePointer<CChar>, UnsafeMutablePointer<Functions>) -> Bool
  ) -> Functions? {
    let functions = UnsafeMutablePointer<Functions>.allocate(capacity: 1)
    defer { functions.deallocate() }
    return open(library, functions) ? functions.pointee : nil
  }

  static func missing(_ package: String, _ file: String) -> DataError {
    .unreadable(file: file, reason: "this needs the Debian package \(package): apt-get install \(package)")
  }
}
