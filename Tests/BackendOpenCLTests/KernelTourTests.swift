#if OpenCL
import BackendCore
import COpenCL
import Testing

@testable import BackendOpenCL

/// What goes through the simulator is everything that there is. Kernels are built and asked for here, and do not run: drivers
/// for processors compile each one when it first does.
@Suite(.serialized, .enabled(if: TestDevices.exist)) struct KernelTourTests {
  private func backend(_ device: OpenCLDevice, _ options: OpenCLOptions) throws -> OpenCLBackend {
    var functions = try OpenCLLibrary.functions()
    functions.clEnqueueNDRangeKernel = { _, _, _, _, _, _, _, _, _ in CL_SUCCESS }
    return try OpenCLBackend(device, options, functions: functions)
  }

  @Test(arguments: TestDevices.all) func noKernelIsLeftOut(device: OpenCLDevice) throws {
    let families = KernelFamily.allCases.filter { !KernelTour.matmulFamilies.contains($0) }
    var rest: Set<String> = []
    for runsLoops in [false, true] {
      var options = OpenCLOptions(for: device)
      options.runsLoops = runsLoops
      let backend = try backend(device, options)
      let tour = KernelTour(backend: backend)
      for section in KernelTour.Section.allCases { try tour.run(section) }
      let names = Set(try families.flatMap { try backend.kernelNames(of: ProgramName(family: $0)) })
      let missing = names.subtracting(backend.kernelsRun)
      // Loops have no use for kernels of work groups that share a row; others must use everything.
      if runsLoops { rest.formUnion(missing.filter { !$0.contains("Rows_") }) } else { rest.formUnion(missing) }
    }
    #expect(rest.isEmpty)
  }

  @Test(arguments: TestDevices.all, KernelTour.MatmulWay.all)
  func noProductIsLeftOut(device: OpenCLDevice, way: KernelTour.MatmulWay) throws {
    var options = OpenCLOptions(for: device)
    options.matmulTable = way.table
    let backend = try backend(device, options)
    try KernelTour(backend: backend).runMatmul(way)
    var names = Set(try backend.kernelNames(of: way.program))
    if !way.isCut { names.remove("matmulJoin") }
    #expect(names.subtracting(backend.kernelsRun).isEmpty)
  }
}
#endif
