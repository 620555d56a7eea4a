#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// What the system does to a process that writes files. They last until the process ends: for the bodies of exit tests.
package enum DiskFault: String, CaseIterable, Codable, Sendable {
  /// No file may have more than 100 bytes; writes across the bound are short.
  case sizeLimit
  /// The folder forbids writing, to an account that is not the superuser.
  case readOnlyFolder
  /// The folder is a file system of 64 KiB that is full. Where this account may not make one, nothing happens.
  case fullDisk

  /// What the system's words for the fault contain.
  package var words: String {
    switch self {
    case .sizeLimit: "the file would be too large"
    case .readOnlyFolder: "permission denied"
    case .fullDisk: "no space left on the device"
    }
  }

  /// Brings the fault about for files in `folder`, after `prepare` has put there what was there before; false where that is not
  /// possible.
  package func strike(_ folder: String, after prepare: () throws -> Void) throws -> Bool {
    switch self {
    case .sizeLimit:
      try prepare()
      signal(SIGXFSZ, SIG_IGN)
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

  /// Puts a small file system in the place of a folder, for this process alone. Not every C library shows Swift the functions.
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
      && mount("tmpfs", folder, "tmpfs", 0, "size=64k") == 0
  }

  /// Writes until nothing more fits.
  private func fill(_ path: String) -> Bool {
    let descriptor = open(path, O_WRONLY | O_CREAT, 0o666)
    if descriptor < 0 { return false }
    defer { close(descriptor) }
    var byte: UInt8 = 0
    while write(descriptor, &byte, 1) == 1 {}
    return errno == ENOSPC
  }
}
