#if OpenCL
import CLibrary
import BackendCore
import Testing

@testable import BackendOpenCL

/// Missing or invalid drivers. Each case runs in a separate process, because a loader reads its variables only once.
@Suite(.enabled(if: OpenCLVendors.loader != nil)) struct VendorTests {
  /// The possible settings of a loader.
  enum Case: Codable, CaseIterable {
    case nothing, emptyFolder, emptyFile, noSuchLibrary, noLibrary, noDriver, library
  }

  @Test(arguments: Case.allCases) func aDriverThatFailsIsNamed(_ example: Case) async {
    let folder = Folder()
    var (place, words) = (folder.path, "")
    switch example {
    case .nothing: (place, words) = (folder.path + "/missing", "missing")
    case .emptyFolder: words = "none"
    case .emptyFile:
      folder.write("a.icd", [])
      words = "names no library"
    case .noSuchLibrary:
      folder.write("a.icd", Array("libNoSuchDriver.so.7\n".utf8))
      words = "libNoSuchDriver.so.7 fails"
    case .noLibrary:
      folder.write("lib.so", Array("this is no library".utf8))
      folder.write("a.icd", Array("\(folder.path)/lib.so".utf8))
      words = "fails"
    case .noDriver:
      // A library without the entry points of a driver.
      folder.write("a.icd", Array("libm.so.6\n".utf8))
      (place, words) = (folder.path + "/a.icd", "libm.so.6 fails: no OpenCL driver")
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
    let folder = Folder()
    folder.write("a.icd", Array("libNoSuchDriver.so.7\n".utf8))
    folder.write("b.icd", Array("\(working.library)\n".utf8))
    folder.write("c.icd", Array("libm.so.6\n".utf8))
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
  @Test func aDriverThatNothingNamesIsPointedOut() async {
    let folder = Folder()
    folder.write("libnvidia-opencl.so.1", [1])
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
