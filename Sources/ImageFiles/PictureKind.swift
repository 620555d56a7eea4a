import Datasets

extension ClassFolders.Kind {
  /// PNG and JPEG files. Pictures in other formats are an error rather than missing in the data without a word.
  static let pictures = ClassFolders.Kind("pictures", details: "PNG or JPEG pictures") { path throws(DataError) in
    let ending = Image.ending(of: path)
    if unreadable.contains(ending) {
      throw .malformed(file: path, offset: nil, expected: "a PNG or JPEG picture", found: "a name in .\(ending)")
    }
    return Image.endings.contains(ending)
  }

  /// The endings of other pictures.
  private static let unreadable: Set<String> = [
    "bmp", "gif", "webp", "tif", "tiff", "ppm", "pgm", "pbm", "pnm", "heic", "heif", "avif",
  ]
}

extension Image {
  /// The endings of the names of files that can be read.
  package static let endings: Set<String> = ["png", "jpg", "jpeg", "jpe", "jfif"]

  /// Returns what follows the last period of a path, in lowercase.
  package static func ending(of path: String) -> String {
    path.split(separator: ".", omittingEmptySubsequences: false).last.map { $0.lowercased() } ?? ""
  }
}
