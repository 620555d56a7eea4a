#if OpenCL
import HostSystem
import BackendCore
import TestSupport
import Testing

@testable import BackendOpenCL

/// Missing or invalid drivers. Each case runs in a separate process, because a loader reads its variables only once.
@Suite(.enabled(if: OpenCLVendors.loader != nil)) struct VendorTests {
  /// The possible settings of a loader.
  enum Case: Codable, CaseIterable {
    case nothing, emptyFolder, emptyFile, noSuchLibrary, noLibrary, noDriver, library
  }

  @Test(arguments: Case.allCases) func aDriverThatFailsIsNamed(_ example: Case) async throws {
    let folder = try TemporaryFolder()
    var (place, words) = (folder.path, "")
    switch example {
    case .nothing: (place, words) = (folder("missing"), "missing")
    case .emptyFolder: words = "none"
    case .emptyFile:
      try folder.write([], "a.icd")
      words = "names no library"
    case .noSuchLibrary:
      try folder.write("libNoSuchDriver.so.7\n", "a.icd")
      words = "libNoSuchDriver.so.7 fails"
    case .noLibrary:
      try folder.write("this is not a library", "lib.so")
      try folder.write(folder("lib.so"), "a.icd")
      words = "fails"
    case .noDriver:
      // A library without the entry points of a driver.
      try folder.write("libm.so.6\n", "a.icd")
      (place, words) = (folder("a.icd"), "libm.so.6 fails: no OpenCL driver")
    case .library: (place, words) = ("libNoSuchDriver.so.7", "OCL_ICD_VENDORS: libNoSuchDriver.so.7 fails")
    }
    await #expect(processExitsWith: .success) { [place = place as String, words = words as String] in
      setenv("OCL_ICD_VENDORS", place, 1)
      do {
        print(try OpenCLDevice.available())
        exit(1)
      } catch let error as OpenCLError {
        guard case .noPlatform(let tried) = error, tried.place == place, tried.vendors.allSatisfy({ $0.failure != nil })
        else { exit(2) }
        print(error)
        exit(error.description.contains(words) ? 0 : 3)
      }
    }
    _ = folder
  }

  /// A working driver is used, regardless of other files next to it.
  @Test(.enabled(if: TestDevices.exist)) func aDriverThatFailsHindersNoOther() async throws {
    let working = try #require(OpenCLVendors.tried().vendors.first { $0.failure == nil })
    let folder = try TemporaryFolder()
    try folder.write("libNoSuchDriver.so.7\n", "a.icd")
    try folder.write("\(working.library)\n", "b.icd")
    try folder.write("libm.so.6\n", "c.icd")
    await #expect(processExitsWith: .success) { [path = folder.path as String] in
      setenv("OCL_ICD_VENDORS", path, 1)
      let devices = try OpenCLDevice.available()
      let tried = OpenCLVendors.tried().vendors
      guard !devices.isEmpty, tried.map({ $0.failure == nil }) == [false, true, false] else { exit(1) }
      let backend = try OpenCLBackend.shared(for: devices[0])
      exit(try backend.floats(backend.upload([1, 2] as [Float]), count: 2) == [1, 2] ? 0 : 2)
    }
    _ = folder
  }

  /// A driver that no file registers is found in the linker's search path, and reported.
  @Test func aDriverThatNothingNamesIsPointedOut() async throws {
    let folder = try TemporaryFolder()
    try folder.write([1], "libnvidia-opencl.so.1")
    await #expect(processExitsWith: .success) { [path = folder.path as String] in
      setenv("LD_LIBRARY_PATH", path, 1)
      setenv("OCL_ICD_VENDORS", path + "/", 1)
      let tried = OpenCLVendors.tried()
      guard tried.unlisted.first == "\(path)/libnvidia-opencl.so.1" else { exit(1) }
      exit(tried.description.contains("OCL_ICD_VENDORS=\(path)/libnvidia-opencl.so.1") ? 0 : 2)
    }
    _ = folder
  }
}
#endif
