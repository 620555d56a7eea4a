#if OpenCL
import BackendCore
import OpenCLKernels
import Testing

@testable import BackendOpenCL

/// Tests of the kernels' source text.
@Suite(.enabled(if: TestDevices.exist)) struct KernelSourceTests {
  private static let programs: [ProgramName] = {
    var programs: [ProgramName] = []
    for isWide in [false, true] {
      for family in KernelFamily.allCases where !KernelTour.matmulFamilies.contains(family) {
        programs.append(ProgramName(family: family, isWide: isWide))
      }
      for tile in MatmulTile.convolutions {
        programs.append(ProgramName(family: .convolution, isWide: isWide, matmul: .tiles(tile)))
      }
      for way in KernelTour.MatmulWay.all where !way.isCut {
        var program = way.program
        program.isWide = isWide
        programs.append(program)
        program.activates = true
        if !isWide { programs.append(program) }
      }
    }
    return programs + KernelTour.elementPrograms(hasDoubles: true) + [false, true].map(KernelTour.doubleProducts)
      + KernelTour.blockPrograms
  }()

  /// All programs are OpenCL C 1.2, and compile without warnings.
  @Test(arguments: TestDevices.all, [false, true]) func compilersAreContent(device: OpenCLDevice, runsLoops: Bool)
    throws
  {
    var options = OpenCLOptions(for: device)
    options.runsLoops = runsLoops
    options.binaryDirectory = nil
    // Remarks come before the optimizer, which some drivers spend seconds in.
    options.compilerOptions = " -cl-opt-disable -Werror"
    let backend = try OpenCLBackend(device, options)
    // Convolution uses tiles unless it runs in loops; loops compute products with another method.
    for program in KernelSourceTests.programs
    where runsLoops ? program.matmul == nil : program.matmul != nil || program.family != .convolution {
      if program.hasDoubles && !device.hasDoubles { continue }
      let names = try backend.kernelNames(of: program)
      #expect(!names.isEmpty, "\(program.description)")
      #expect(names.allSatisfy { !$0.isEmpty })
    }
    #expect(backend.launcher.programs.options(for: ProgramName(family: .scan)).hasPrefix("-cl-std=CL1.2"))
  }

  /// Launches and kernels share these numbers: no file of the kernels defines them again.
  @Test func constantsAreDefinedInOnePlace() throws {
    var text = ""
    for index in 0..<nn_kernel_source_count() {
      let source = nn_kernel_source(index)
      text += String(decoding: UnsafeBufferPointer(start: source.bytes, count: source.length), as: UTF8.self)
    }
    for (name, _, _) in KernelConstants.definitions {
      #expect(!text.contains("#define \(name) "), "\(name) is defined in a kernel file")
      #expect(text.contains(name), "\(name) is not used")
    }
    let source = String(decoding: try KernelSources(directory: nil).source(of: .scan), as: UTF8.self)
    #expect(source.contains("#define NN_GROUP \(WorkGroup.size)\n"))
  }
}
#endif
