import Datasets
import Files
import NeuralNetworks

/// The pictures in the subfolders of a folder.
struct ImageListing {
  let classNames: [String]
  private(set) var files: [String] = []
  private(set) var labels: [Int32] = []

  /// The endings of other pictures, which are an error rather than missing in the data without a word.
  private static let unreadable: Set<String> = [
    "bmp", "gif", "webp", "tif", "tiff", "ppm", "pgm", "pbm", "pnm", "heic", "heif", "avif",
  ]
  /// The maximum depth of folders inside that of a class: links can make it endless.
  private static let deepest = 32

  init(_ folder: String, classNames: [String]?) throws(DataError) {
    let found = try ImageListing.names(in: folder).filter { Folder.isFolder(Folder.join(folder, $0)) }
    func fault(_ expected: String, _ found: String) -> DataError {
      .malformed(file: folder, offset: nil, expected: expected, found: found)
    }
    if found.isEmpty { throw fault("a subfolder with pictures for each class", "no subfolders") }
    self.classNames = classNames ?? found
    var wanted: Set<ByteKey> = []
    if let twice = self.classNames.first(where: { !wanted.insert(ByteKey($0)).inserted }) {
      throw fault("different class names", "\(twice) twice")
    }
    if let missing = self.classNames.first(where: { name in !found.contains { $0.hasBytes(of: name) } }) {
      throw fault("a subfolder for the class \(missing)", "none")
    }
    if let other = found.first(where: { !wanted.contains(ByteKey($0)) }) {
      throw fault("only subfolders for the \(wanted.count) given classes", "the subfolder \(other)")
    }
    for (label, name) in self.classNames.enumerated() {
      let path = Folder.join(folder, name)
      try add(path, Int32(label), depth: 0)
      if labels.last != Int32(label) {
        throw .malformed(file: path, offset: nil, expected: "PNG or JPEG pictures of a class", found: "none")
      }
    }
  }

  /// Adds the pictures in a folder and its subfolders, sorted by path.
  private mutating func add(_ folder: String, _ label: Int32, depth: Int) throws(DataError) {
    if depth > ImageListing.deepest {
      throw .malformed(
        file: folder, offset: nil, expected: "at most \(ImageListing.deepest) levels of subfolders", found: "more")
    }
    for name in try ImageListing.names(in: folder) {
      let path = Folder.join(folder, name)
      let ending = Image.ending(of: name)
      if Folder.isFolder(path) {
        try add(path, label, depth: depth + 1)
      } else if Image.endings.contains(ending) {
        files.append(path)
        labels.append(label)
      } else if ImageListing.unreadable.contains(ending) {
        throw .malformed(file: path, offset: nil, expected: "a PNG or JPEG picture", found: "a name in .\(ending)")
      }
    }
  }

  /// The names in a folder that are not hidden, sorted by their bytes.
  private static func names(in folder: String) throws(DataError) -> [String] {
    do {
      return try Folder.names(in: folder).filter { !$0.hasPrefix(".") }.map(ByteKey.init).sorted().map(\.text)
    } catch { throw DataError(error) }
  }
}

extension Image {
  /// The endings of the names of files that can be read.
  package static let endings: Set<String> = ["png", "jpg", "jpeg", "jpe", "jfif"]

  /// Returns what follows the last period of a path, in lowercase.
  package static func ending(of path: String) -> String {
    path.split(separator: ".", omittingEmptySubsequences: false).last.map { $0.lowercased() } ?? ""
  }
}
