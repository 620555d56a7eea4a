#if OpenCL
import HostSystem
import BackendCore
import TestSupport
import Testing

@testable import BackendOpenCL

/// Folders that cannot be used for binaries: read-only, full, or not folders at all. The program is then built from its
/// source.
@Suite(.enabled(if: TestDevices.exist)) struct BinaryFolderTests {
  private static func scan(_ device: OpenCLDevice, _ folder: String) throws -> Bool {
    var options = OpenCLOptions(for: device)
    options.binaryDirectory = folder
    let backend = try OpenCLBackend(device, options)
    let x = try backend.upload([1, 2, 3] as [Float])
    try backend.scan(.sum, x, AxisShape(outer: 1, extent: 3, inner: 1), reversed: false, into: x)
    return try backend.floats(x, count: 3) == [1, 3, 6]
  }

  /// Locations where nobody can write, including root: below a file, in the kernel's own file system, and behind a
  /// dangling link.
  @Test(arguments: TestDevices.all) func placesWithoutWriting(device: OpenCLDevice) throws {
    let folder = try TemporaryFolder()
    try folder.write([1], "file")
    symlink("/proc/self/nothing/here", folder("link"))
    for place in [
      folder("file"), folder("file/below"), folder("link"), "/proc/swift-nn", "/dev/null",
    ] {
      #expect(try BinaryFolderTests.scan(device, place), "\(place)")
    }
    #expect(try folder.names == ["file", "link"])
  }

  /// A folder that is readable, with a valid file, but not writable.
  @Test(arguments: TestDevices.all) func aReadOnlyFolderServes(device: OpenCLDevice) throws {
    let folder = try TemporaryFolder()
    #expect(try BinaryFolderTests.scan(device, folder.path))
    let files = try folder.names
    #expect(files.count == 1)
    chmod(folder.path, 0o555)
    #expect(try BinaryFolderTests.scan(device, folder.path))
    chmod(folder.path, 0o755)
    #expect(try folder.names == files)
  }

  /// No space: incomplete files are removed.
  @Test(arguments: TestDevices.all) func aFullFolderStaysEmpty(device: OpenCLDevice) async throws {
    let folder = try TemporaryFolder()
    await #expect(processExitsWith: .success) {
      [identifier = device.identifier as String, path = folder.path as String] in
      // The limit for a file is 4000 bytes.
      var limit = rlimit(rlim_cur: 4000, rlim_max: 4000)
      guard setrlimit(__rlimit_resource_t(1), &limit) == 0 else { exit(2) }
      let binaries = ProgramBinaries(directory: path, device: try OpenCLDevice.named(identifier))
      binaries.store([UInt8](repeating: 7, count: 100_000), source: [1], options: "")
      guard binaries.load(source: [1], options: "") == nil else { exit(3) }
      binaries.store([7, 8, 9], source: [2], options: "")
      exit(binaries.load(source: [2], options: "") == [7, 8, 9] ? 0 : 4)
    }
    #expect(try folder.names.count == 1)
  }

  /// A full disk, if this account may mount one.
  @Test(arguments: TestDevices.all) func aFullDiskIsNoError(device: OpenCLDevice) async throws {
    let folder = try TemporaryFolder()
    await #expect(processExitsWith: .success) {
      [identifier = device.identifier as String, path = folder.path as String] in
      guard try DiskFault.fullDisk.strike(path, after: {}) else { exit(0) }
      let device = try OpenCLDevice.named(identifier)
      exit(try BinaryFolderTests.scan(device, path) && BinaryFolderTests.scan(device, path) ? 0 : 1)
    }
    #expect(try folder.names.isEmpty)
  }

  /// Every byte of the header matters, including the version of the format, and so do the bytes of the binary.
  @Test(arguments: TestDevices.all) func damageIsSeen(device: OpenCLDevice) throws {
    let folder = try TemporaryFolder()
    let binaries = ProgramBinaries(directory: folder.path, device: device)
    let binary = (0..<300).map { UInt8($0 % 251) }
    binaries.store(binary, source: [1], options: "-x")
    let file = try #require(folder.names.first)
    let good = try folder.bytes(file)
    #expect(binaries.load(source: [1], options: "-x") == binary)
    for position in good.indices {
      for bit in [0, 3, 7] {
        var damaged = good
        damaged[position] ^= 1 << bit
        try folder.write(damaged, file)
        #expect(binaries.load(source: [1], options: "-x") == nil, "bit \(bit) of byte \(position)")
      }
    }
    for length in [0, 1, 13, 14, 29, 30, good.count - 1] {
      try folder.write(Array(good.prefix(length)), file)
      #expect(binaries.load(source: [1], options: "-x") == nil, "\(length) bytes")
    }
    try folder.write(good, file)
    #expect(binaries.load(source: [1], options: "-x") == binary)
    // Other sources, options, or devices have other files.
    #expect(binaries.load(source: [2], options: "-x") == nil && binaries.load(source: [1], options: "-y") == nil)
  }

  /// The key includes everything on which a binary depends.
  @Test(arguments: TestDevices.all) func theKeyNamesTheDevice(device: OpenCLDevice) {
    let key = device.cacheKey
    for part in [
      device.name, device.vendor, device.driverVersion, device.deviceVersion, device.platformName,
      device.platformVersion,
    ] { #expect(!part.isEmpty && key.contains(part), "\(part)") }
  }

  /// Threads that store the same binary at the same time leave a valid file and nothing else.
  @Test(arguments: TestDevices.all) func threadsStoreTheSame(device: OpenCLDevice) async throws {
    let folder = try TemporaryFolder()
    let binaries = ProgramBinaries(directory: folder.path, device: device)
    let binary = [UInt8](repeating: 5, count: 1 << 20)
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 { group.addTask { binaries.store(binary, source: [1], options: "") } }
    }
    #expect(try folder.names.count == 1 && binaries.load(source: [1], options: "") == binary)
  }
}
#endif
