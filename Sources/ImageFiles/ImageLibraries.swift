import CImageLibraries
import Datasets

/// The functions of libpng and libjpeg-turbo.
enum ImageLibraries {
  private static let png = opened("libpng16.so.16", nn_png(), nn_png_open)
  private static let jpeg = opened("libturbojpeg.so.0", nn_jpeg(), nn_jpeg_open)

  static func png(for file: String) throws(DataError) -> nn_png {
    guard let png else { throw missing("libpng16-16", file) }
    return png
  }

  static func jpeg(for file: String) throws(DataError) -> nn_jpeg {
    guard let jpeg else { throw missing("libturbojpeg0", file) }
    return jpeg
  }

  /// Returns the functions of a library; nil if it is not installed.
  static func opened<Functions>(
    _ library: String, _ empty: Functions, _ open: (UnsafePointer<CChar>, UnsafeMutablePointer<Functions>) -> Bool
  ) -> Functions? {
    var functions = empty
    return open(library, &functions) ? functions : nil
  }

  static func missing(_ package: String, _ file: String) -> DataError {
    .unreadable(file: file, reason: "this needs the Debian package \(package): apt-get install \(package)")
  }
}
