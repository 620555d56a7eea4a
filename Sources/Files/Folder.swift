import HostSystem

/// Operations on folders and file names.
package enum Folder {
  /// Whether the path is a file, a folder, or a link to one.
  package static func exists(_ path: String) -> Bool { !path.utf8.contains(0) && access(path, F_OK) == 0 }

  /// Creates the folder and missing parent folders.
  package static func create(_ path: String) throws(FileError) {
    try Path.check(path)
    let bytes = path.utf8
    var position = bytes.startIndex
    while position < bytes.endIndex {
      position = bytes.index(after: position)
      if position < bytes.endIndex && bytes[position] != UInt8(ascii: "/") { continue }
      let part = String(path[..<position])
      if mkdir(part, 0o777) != 0 && errno != EEXIST {
        // A parent folder may deny writing or be read-only and still contain the requested folder.
        let error = FileError.failed(path: path, reason: "cannot create the folder: \(systemMessage(errno))")
        if !isFolder(part) { throw error }
      }
    }
    if !isFolder(path) { throw .failed(path: path, reason: "it is not a folder") }
  }

  package static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return !path.utf8.contains(0) && stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// The names in a folder, sorted, without `.` and `..`.
  package static func names(in path: String) throws(FileError) -> [String] {
    try Path.check(path)
    guard let names = HostSystem.names(inFolder: path) else { throw .current(path, while: "open the folder") }
    return names
  }

  /// Removes a file. A missing file is not an error.
  package static func remove(_ path: String) throws(FileError) {
    try Path.check(path)
    if unlink(path) != 0 && errno != ENOENT { throw .current(path, while: "remove") }
  }

  /// Returns the path of an item in a folder.
  package static func join(_ folder: String, _ name: String) -> String {
    folder.isEmpty || folder.utf8.last == UInt8(ascii: "/") ? folder + name : folder + "/" + name
  }
}
