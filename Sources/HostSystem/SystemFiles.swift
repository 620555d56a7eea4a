/// Returns the first 16 KiB of a small file of the system, such as `/proc/meminfo`; empty if it cannot be read.
package func systemFile(_ path: String) -> [UInt8] {
  let file = open(path, O_RDONLY | O_CLOEXEC)
  if file < 0 { return [] }
  defer { close(file) }
  return [UInt8](unsafeUninitializedCapacity: 1 << 14) { room, count in
    while count < room.count {
      let got = read(file, room.baseAddress! + count, room.count - count)
      if got > 0 { count += got } else if got == 0 || errno != EINTR { return }
    }
  }
}

/// Returns the names in a folder, sorted, without `.` and `..`; nil, with `errno`, if it cannot be opened.
package func names(inFolder path: String) -> [String]? {
  guard let folder = opendir(path) else { return nil }
  defer { closedir(folder) }
  var names: [String] = []
  while let entry = readdir(folder) {
    // In place: an entry may be shorter than the type of its name.
    let name = withUnsafePointer(to: &entry.pointee.d_name) {
      $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
    if name != "." && name != ".." { names.append(name) }
  }
  return names.sorted()
}
