import HostSystem

/// System faults for a process that writes files. They last until the process ends, and are intended for exit tests.
package enum DiskFault: String, CaseIterable, Codable, Sendable {
  /// No file may exceed 100 bytes; writes across the limit are short.
  case sizeLimit
  /// The folder is not writable, for an account that is not the superuser.
  case readOnlyFolder
  /// The folder is a full file system of 64 KiB. If this account may not create one, nothing happens.
  case fullDisk

  /// A part of the system's message for the fault.
  package var words: String {
    switch self {
    case .sizeLimit: "the file would be too large"
    case .readOnlyFolder: "permission denied"
    case .fullDisk: "no space left on the device"
    }
  }

  /// Activates the fault for files in `folder`, after `prepare` has created the existing content; returns false if that
  /// is not possible.
  package func strike(_ folder: String, after prepare: () throws -> Void) throws -> Bool {
    switch self {
    case .sizeLimit:
      try prepare()
      var limit = rlimit(rlim_cur: 100, rlim_max: 100)
      return setrlimit(__rlimit_resource_t(1), &limit) == 0  // RLIMIT_FSIZE
    case .readOnlyFolder:
      try prepare()
      return chmod(folder, 0o555) == 0 && (geteuid() != 0 || setuid(65_534) == 0)
    case .fullDisk:
      if !DiskFault.mount(over: folder) { return false }
      try prepare()
      return fill(folder + "/filler")
    }
  }

  /// Mounts a small file system over a folder, for this process only. Not every C library makes the functions available
  /// to Swift.
  private static func mount(over folder: String) -> Bool {
    typealias Unshare = @convention(c) (Int32) -> Int32
    typealias Mount =
      @convention(c) (
        UnsafePointer<CChar>?, UnsafePointer<CChar>?, UnsafePointer<CChar>?, UInt, UnsafePointer<CChar>?
      ) -> Int32
    guard let unshareAddress = dlsym(nil, "unshare"), let mountAddress = dlsym(nil, "mount") else { return false }
    let unshare = unsafeBitCast(unshareAddress, to: Unshare.self)
    let mount = unsafeBitCast(mountAddress, to: Mount.self)
    let (newNamespace, recursive, isPrivate): (Int32, UInt, UInt) = (0x2_0000, 0x4000, 0x4_0000)
    return unshare(newNamespace) == 0 && mount("none", "/", nil, recursive | isPrivate, nil) == 0
      && mount("tmpfs", folder, "tmpfs", 0, "size=64k,mode=755") == 0
  }

  /// Writes until the file system is full.
  private func fill(_ path: String) -> Bool {
    let descriptor = open(path, O_WRONLY | O_CREAT, 0o666)
    if descriptor < 0 { return false }
    defer { close(descriptor) }
    var byte: UInt8 = 0
    while write(descriptor, &byte, 1) == 1 {}
    return errno == ENOSPC
  }
}
