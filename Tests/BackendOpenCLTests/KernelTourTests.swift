#if OpenCL
import BackendCore
import COpenCL
import Testing

@testable import BackendOpenCL

/// The tour in the simulator covers every kernel. Kernels are only built and requested here, not run, because drivers
/// for CPUs compile each one on its first run.
@Suite(.serialized, .enabled(if: TestDevices.exist)) struct KernelTourTests {
  private func backend(_ device: OpenCLDevice, _ change: (inout OpenCLOptions) -> Void) throws -> OpenCLBackend {
    var options = OpenCLOptions(for: device)
    change(&options)
    // Names are the same without the optimizer, which some drivers spend seconds in.
    options.binaryDirectory = nil
    options.compilerOptions = " -cl-opt-disable"
    var functions = try OpenCLLibrary.functions()
    functions.clEnqueueNDRangeKernel = { _, _, _, _, _, _, _, _, _ in CL_SUCCESS }
    return try OpenCLBackend(device, options, functions: functions)
  }

  @Test(arguments: TestDevices.all) func noKernelIsLeftOut(device: OpenCLDevice) throws {
    let families = KernelFamily.allCases.filter { !KernelTour.matmulFamilies.contains($0) }
    for runsLoops in [false, true] {
      let backend = try backend(device) { $0.runsLoops = runsLoops }
      let tour = KernelTour(backend: backend)
      for section in KernelTour.Section.allCases { try tour.run(section) }
      let programs = families.filter { $0 != .castFloat64 || device.hasDoubles }.map { family in
        let hasTiles = family == .convolution && !runsLoops
        return ProgramName(family: family, matmul: hasTiles ? .tiles(MatmulTile.convolutions[0]) : nil)
      }
      let others = KernelTour.elementPrograms(hasDoubles: device.hasDoubles)
      let products = device.hasDoubles ? [KernelTour.doubleProducts(runsLoops: runsLoops)] : []
      for program in programs + others + products + KernelTour.blockPrograms {
        let names = try backend.kernelNames(of: program)
        // Loops do not use kernels with work groups that share a row, and panels are not cut along k; other devices
        // must use all kernels.
        let missing = Set(names).subtracting(backend.kernelsRun).filter {
          !(runsLoops && ($0.contains("Rows_") || $0 == "matmulReduce"))
            && (device.hasDoubles || !$0.hasSuffix("_double"))
        }
        #expect(
          missing.isEmpty,
          """
          \(program.description) has kernels that the tour does not launch \(runsLoops ? "as loops" : "in work groups"). \
          Make a call on small operands that does, in a section of KernelTour.swift; for a new family, add a case to \
          KernelTour.Section.
          """)
      }
    }
  }

  @Test(arguments: TestDevices.all, KernelTour.MatmulWay.all)
  func noProductIsLeftOut(device: OpenCLDevice, way: KernelTour.MatmulWay) throws {
    let backend = try backend(device) { $0.matmulTable = way.table }
    try KernelTour(backend: backend).runMatmul(way)
    var names = Set(try backend.kernelNames(of: way.program))
    if !way.isCut { names.remove("matmulReduce") }
    let missing = names.subtracting(backend.kernelsRun)
    #expect(missing.isEmpty, "KernelTour.runMatmul launches every kernel of \(way) but these")
  }
}
#endif
