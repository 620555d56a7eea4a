#if OpenCL
import CLibrary
import BackendCore
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
    try backend.cumulativeSum(x, AxisShape(outer: 1, extent: 3, inner: 1), reversed: false, into: x)
    return try backend.floats(x, count: 3) == [1, 3, 6]
  }

  /// Locations where nobody can write, including root: below a file, in the kernel's own file system, and behind a
  /// dangling link.
  @Test(arguments: TestDevices.all) func placesWithoutWriting(device: OpenCLDevice) throws {
    let folder = Folder()
    folder.write("file", [1])
    symlink("/proc/self/nothing/here", folder.path + "/link")
    for place in [
      folder.path + "/file", folder.path + "/file/below", folder.path + "/link", "/proc/swift-nn", "/dev/null",
    ] {
      #expect(try BinaryFolderTests.scan(device, place), "\(place)")
    }
    #expect(folder.files.sorted() == ["file", "link"])
  }

  /// A folder that is readable, with a valid file, but not writable.
  @Test(arguments: TestDevices.all) func aReadOnlyFolderServes(device: OpenCLDevice) throws {
    let folder = Folder()
    #expect(try BinaryFolderTests.scan(device, folder.path))
    let files = folder.files
    #expect(files.count == 1)
    chmod(folder.path, 0o555)
    #expect(try BinaryFolderTests.scan(device, folder.path))
    chmod(folder.path, 0o755)
    #expect(folder.files == files)
  }

  /// No space: incomplete files are removed.
  @Test(arguments: TestDevices.all) func aFullFolderStaysEmpty(device: OpenCLDevice) async throws {
    let folder = Folder()
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
    #expect(folder.files.count == 1)
  }

  /// A disk of a few kilobytes, if this account may mount one.
  @Test(arguments: TestDevices.all) func aFullDiskIsNoError(device: OpenCLDevice) async throws {
    let folder = Folder()
    await #expect(processExitsWith: .success) {
      [identifier = device.identifier as String, path = folder.path as String] in
      // By address, because no module contains the functions that are specific to this system.
      typealias Unshare = @convention(c) (Int32) -> Int32
      typealias Mount =
        @convention(c) (
          UnsafePointer<CChar>, UnsafePointer<CChar>, UnsafePointer<CChar>?, UInt, UnsafePointer<CChar>?
        ) -> Int32
      guard let unshareAddress = dlsym(nil, "unshare"), let mountAddress = dlsym(nil, "mount") else { exit(2) }
      let unshare = unsafeBitCast(unshareAddress, to: Unshare.self)
      let mount = unsafeBitCast(mountAddress, to: Mount.self)
      let (newNamespace, privately) = (Int32(0x0002_0000), UInt(0x4_4000))
      guard unshare(newNamespace) == 0, mount("none", "/", nil, privately, nil) == 0,
        mount("tmpfs", path, "tmpfs", 0, "size=4k") == 0
      else { exit(0) }
      let device = try OpenCLDevice.named(identifier)
      Folder.write(path + "/full", [UInt8](repeating: 1, count: 1 << 16))
      exit(try BinaryFolderTests.scan(device, path) && BinaryFolderTests.scan(device, path) ? 0 : 1)
    }
    #expect(folder.files.isEmpty)
  }

  /// Every byte of the header matters, including the version of the format, and so do the bytes of the binary.
  @Test(arguments: TestDevices.all) func damageIsSeen(device: OpenCLDevice) throws {
    let folder = Folder()
    let binaries = ProgramBinaries(directory: folder.path, device: device)
    let binary = (0..<300).map { UInt8($0 % 251) }
    binaries.store(binary, source: [1], options: "-x")
    let file = try #require(folder.files.first)
    let good = try #require(folder.read(file))
    #expect(binaries.load(source: [1], options: "-x") == binary)
    for position in good.indices {
      for bit in [0, 3, 7] {
        var damaged = good
        damaged[position] ^= 1 << bit
        folder.write(file, damaged)
        #expect(binaries.load(source: [1], options: "-x") == nil, "bit \(bit) of byte \(position)")
      }
    }
    for length in [0, 1, 13, 14, 29, 30, good.count - 1] {
      folder.write(file, Array(good.prefix(length)))
      #expect(binaries.load(source: [1], options: "-x") == nil, "\(length) bytes")
    }
    folder.write(file, good)
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
  @Test(arguments: TestDevices.all) func threadsStoreTheSame(device: OpenCLDevice) async {
    let folder = Folder()
    let binaries = ProgramBinaries(directory: folder.path, device: device)
    let binary = [UInt8](repeating: 5, count: 1 << 20)
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 { group.addTask { binaries.store(binary, source: [1], options: "") } }
    }
    #expect(folder.files.count == 1 && binaries.load(source: [1], options: "") == binary)
  }
}
#endif
