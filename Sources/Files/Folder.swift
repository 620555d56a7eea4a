#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// What is done to folders and names.
package enum Folder {
  /// True for a file, a folder, or a link that leads to one.
  package static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// Makes the folder and those above it, where they are missing.
  package static func create(_ path: String) throws(FileError) {
    var position = path.startIndex
    while position < path.endIndex {
      position = path.index(after: position)
      if position < path.endIndex && path[position] != "/" { continue }
      let part = String(path[..<position])
      if mkdir(part, 0o777) != 0 && errno != EEXIST {
        // A folder above may forbid writing, or be read-only, and still hold the one that is wanted.
        let error = FileError.failed(path: path, reason: "cannot create the folder: \(systemMessage(errno))")
        if !isFolder(part) { throw error }
      }
    }
    if !isFolder(path) { throw .failed(path: path, reason: "it is no folder") }
  }

  package static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// The names in a folder, sorted, without `.` and `..`.
  package static func names(in path: String) throws(FileError) -> [String] {
    guard let folder = opendir(path) else { throw .current(path, while: "open the folder") }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// Removes a file; one that is gone already is no error.
  package static func remove(_ path: String) throws(FileError) {
    if unlink(path) != 0 && errno != ENOENT { throw .current(path, while: "remove") }
  }

  /// The path of a name inside a folder.
  package static func join(_ folder: String, _ name: String) -> String {
    folder.isEmpty ? name : folder.hasSuffix("/") ? folder + name : folder + "/" + name
  }
}
