#if OpenCL
import HostSystem
import BackendCore
import OpenCLKernels
import TestSupport
import Testing

@testable import BackendOpenCL

/// Programs that fail to build, and programs that were built before.
@Suite(.serialized, .enabled(if: TestDevices.exist)) struct BuildTests {
  /// The kernels as files, for `NN_KERNELS_DIR`.
  private func kernels(in folder: TemporaryFolder) throws {
    for index in 0..<nn_kernel_source_count() {
      let source = nn_kernel_source(index)
      let bytes = [UInt8](UnsafeBufferPointer(start: source.bytes, count: source.length))
      try folder.write(bytes, String(cString: source.name) + ".cl")
    }
  }

  private func options(
    _ device: OpenCLDevice, kernels: TemporaryFolder? = nil, binaries: TemporaryFolder? = nil
  ) -> OpenCLOptions {
    var options = OpenCLOptions(for: device)
    options.sources = KernelSources(directory: kernels?.path)
    options.binaryDirectory = binaries?.path
    return options
  }

  @Test(arguments: TestDevices.all) func anErrorCarriesTheLog(device: OpenCLDevice) throws {
    let folder = try TemporaryFolder()
    try kernels(in: folder)
    try folder.write("kernel void scanItems_sum_float(global float *x) { x[0] = thisNameIsUnknown; }", "Scan.cl")
    let backend = try OpenCLBackend(device, options(device, kernels: folder))
    let x = try backend.upload([1, 2, 3] as [Float])
    let shape = AxisShape(outer: 1, extent: 3, inner: 1)
    let error = #expect(throws: BackendError.self) {
      try backend.scan(.sum, x, shape, reversed: false, into: x)
    }
    guard case .kernelBuild(let program, let log)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(program.contains("Scan") && program.contains(device.name))
    #expect(log.contains("thisNameIsUnknown"))
    // Other programs are not affected and are built from the files.
    try backend.unary(UnaryOp(.negate), x, count: 3, into: x)
    #expect(try backend.floats(x, count: 3) == [-1, -2, -3])
  }

  @Test(arguments: TestDevices.all) func aMissingFileIsNamed(device: OpenCLDevice) throws {
    let folder = try TemporaryFolder()
    let backend = try OpenCLBackend(device, options(device, kernels: folder))
    let x = try backend.empty(3)
    let error = #expect(throws: BackendError.self) { try backend.fill(x, count: 3, with: 0) }
    #expect("\(String(describing: error))".contains(folder("Common.cl")))
  }

  @Test(arguments: TestDevices.all) func aMissingKernelIsNamed(device: OpenCLDevice) throws {
    let folder = try TemporaryFolder()
    try kernels(in: folder)
    try folder.write("kernel void other(global float *x) { x[0] = 0; }", "Scan.cl")
    let backend = try OpenCLBackend(device, options(device, kernels: folder))
    let x = try backend.empty(3)
    let shape = AxisShape(outer: 1, extent: 3, inner: 1)
    let error = #expect(throws: BackendError.self) {
      try backend.scan(.sum, x, shape, reversed: false, into: x)
    }
    #expect("\(String(describing: error))".contains("scanItems_sum_float"))
  }

  /// Binaries are written once, reused, and rebuilt if they are damaged in any way.
  @Test(arguments: TestDevices.all) func binariesAreKeptAndDistrusted(device: OpenCLDevice) throws {
    let folder = try TemporaryFolder()
    try scan(device, folder)
    let file = try #require(folder.names.first)
    #expect(try folder.names.count == 1)
    let good = try folder.bytes(file)
    try scan(device, folder)
    #expect(try folder.bytes(file) == good, "a good file was written again")

    var flipped = good
    flipped[good.count / 2] ^= 1
    let damaged: [[UInt8]] = [flipped, Array(good.dropLast()), good + [0], Array(good.prefix(20)), [], [1, 2, 3]]
    for bytes in damaged {
      try folder.write(bytes, file)
      try scan(device, folder)
      // PoCL's binaries differ between builds.
      #expect(try folder.bytes(file).count > 1000)
      #expect(try folder.names.count == 1)
    }
  }

  @Test(arguments: TestDevices.all) func aBinaryThatTheDriverRefusesIsRebuilt(device: OpenCLDevice) throws {
    let folder = try TemporaryFolder()
    let binaries = ProgramBinaries(directory: folder.path, device: device)
    let options = options(device, binaries: folder)
    let backend = try OpenCLBackend(device, options)
    let programs = ProgramCache(
      backend.context, sources: options.sources, binaries: binaries, definitions: options.definitions)
    let name = ProgramName(family: .scan)
    let source = try options.sources.source(of: .scan)
    binaries.store(Array("no binary".utf8), source: source, options: programs.options(for: name))
    #expect(binaries.load(source: source, options: programs.options(for: name)) == Array("no binary".utf8))
    try scan(device, folder)
    #expect(binaries.load(source: source, options: programs.options(for: name)) != Array("no binary".utf8))
  }

  /// Builds a small program in a new backend, and checks its results.
  private func scan(_ device: OpenCLDevice, _ binaries: TemporaryFolder) throws {
    let backend = try OpenCLBackend(device, options(device, binaries: binaries))
    let x = try backend.upload([1, 2, 3] as [Float])
    let y = try backend.empty(3)
    try backend.scan(.sum, x, AxisShape(outer: 1, extent: 3, inner: 1), reversed: false, into: y)
    #expect(try backend.floats(y, count: 3) == [1, 3, 6])
  }
}
#endif
