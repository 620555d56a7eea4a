import Files
import NeuralNetworks

/// The files in the subfolders of a folder, with one subfolder for each class.
package struct ClassFolders: Sendable {
  /// The kind of the files.
  package struct Kind: Sendable {
    /// The files in a word, such as "pictures".
    let name: String
    /// The files in detail, such as "PNG or JPEG pictures".
    let details: String
    /// Whether a file is an example, by its path. It can throw to reject a file instead of ignoring it.
    let accepts: @Sendable (_ path: String) throws(DataError) -> Bool

    package init(
      _ name: String, details: String, accepts: @escaping @Sendable (_ path: String) throws(DataError) -> Bool
    ) {
      (self.name, self.details, self.accepts) = (name, details, accepts)
    }
  }

  /// The names of the subfolders by class index.
  package let classNames: [String]
  /// The paths of the files, sorted by class and path.
  package private(set) var files: [String] = []
  /// The class index of each file.
  package private(set) var labels: [Int32] = []

  /// The maximum depth of folders inside that of a class: links can make it endless.
  private static let deepest = 32

  /// Lists the files, without reading them. Names that start with a period are ignored.
  /// - Parameters:
  ///   - folder: The folder with the subfolders.
  ///   - kind: The kind of the files.
  ///   - classNames: The names of the subfolders by class index; nil for all subfolders, sorted by their bytes.
  ///   - omitting: The names of subfolders that are not classes.
  package init(_ folder: String, _ kind: Kind, classNames: [String]?, omitting: [String] = []) throws(DataError) {
    var found = try ClassFolders.names(in: folder).filter { Folder.isFolder(Folder.join(folder, $0)) }
    func fault(_ expected: String, _ found: String) -> DataError {
      .malformed(file: folder, offset: nil, expected: expected, found: found)
    }
    for name in omitting {
      guard let place = found.firstIndex(where: { $0.hasBytes(of: name) }) else {
        throw fault("a subfolder \(name) to omit", "none")
      }
      found.remove(at: place)
    }
    if found.isEmpty { throw fault("a subfolder with \(kind.name) for each class", "no subfolders") }
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
      try add(path, kind, Int32(label), depth: 0)
      if labels.last != Int32(label) {
        throw .malformed(file: path, offset: nil, expected: "\(kind.details) of a class", found: "none")
      }
    }
  }

  /// Adds the files in a folder and its subfolders, sorted by path.
  private mutating func add(_ folder: String, _ kind: Kind, _ label: Int32, depth: Int) throws(DataError) {
    if depth > ClassFolders.deepest {
      throw .malformed(
        file: folder, offset: nil, expected: "at most \(ClassFolders.deepest) levels of subfolders", found: "more")
    }
    for name in try ClassFolders.names(in: folder) {
      let path = Folder.join(folder, name)
      if Folder.isFolder(path) {
        try add(path, kind, label, depth: depth + 1)
      } else if try kind.accepts(path) {
        files.append(path)
        labels.append(label)
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
