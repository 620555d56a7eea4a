#if OpenCL
import BackendCore
import Testing

@testable import BackendOpenCL

/// Examines the code that GPU compilers generate for the kernels. A machine without a GPU cannot measure their speed,
/// but it can check whether a kernel keeps its values in registers, reads ahead, and consists mostly of
/// multiplications. `Scripts/test-opencl gpu-code` runs this; without its compilers, the tests are skipped.
@Suite(.enabled(if: GPUCompilers.fromEnvironment != nil)) struct GPUCodeTests {
  private let compilers = GPUCompilers.fromEnvironment!

  /// The programs of products and convolutions with tiles up to the largest one of a device. That tile and rows are also
  /// built with all activations: these are a loop of their own after the sums, the same for each tile, and the largest
  /// tile is the first that would not keep its sums in registers because of it.
  static func products(largest: MatmulTile) -> [ProgramName] {
    let size = largest.itemRows * largest.itemColumns
    func fitting(_ tiles: [MatmulTile]) -> [MatmulVariant] {
      tiles.filter { $0.itemRows * $0.itemColumns <= size }.map(MatmulVariant.tiles)
    }
    let products = fitting(MatmulTile.all).map { ProgramName(family: .matmul, matmul: $0) }
    let rows = ProgramName(family: .matmulRows, matmul: .rows)
    let activating = [products.last!, rows].map { program in
      var program = program
      program.activates = true
      return program
    }
    return products + [rows] + activating
      + fitting(MatmulTile.convolutions).map { ProgramName(family: .convolution, matmul: $0) }
  }

  /// All other programs.
  static let others: [ProgramName] = {
    let made: Set<KernelFamily> = [.convolution, .matmul, .matmulPanels, .matmulRows]
    return KernelFamily.allCases.filter { !made.contains($0) }.map { ProgramName(family: $0) }
      + KernelTour.elementPrograms(hasDoubles: true) + [KernelTour.doubleProducts(runsLoops: false)]
      + KernelTour.blockPrograms
  }()

  static let nvidia = products(largest: MatmulTile.all[5]) + others

  /// A program and a device.
  struct Build: Sendable, CustomTestStringConvertible {
    let program: ProgramName
    let device: String
    var testDescription: String { "\(program.description) on \(device)" }
  }

  /// Builds for two devices of a vendor. Products need most of the registers, and are built for both. The other programs
  /// are built for the first device, which has no more registers than the second one. Those of float16 are left to
  /// bfloat16, which differs in the conversions alone, and converts with more instructions.
  private static func builds(_ devices: [String], largest: MatmulTile) -> [Build] {
    devices.flatMap { device in products(largest: largest).map { Build(program: $0, device: device) } }
      + others.filter { $0.element != .float16 }.map { Build(program: $0, device: devices[0]) }
  }

  /// AMD's devices have fewer registers than NVIDIA's; the largest tile is not used on them.
  static let amd = builds(["gfx1100", "gfx90a"], largest: MatmulTile.all[4])
  /// Of these two, only the first one has doubles.
  static let intel = builds(["skl", "dg2"], largest: MatmulTile.convolutions(vendor: "Intel").last!)

  @Test(arguments: nvidia) func nvidiaFindsRegistersForAll(program: ProgramName) throws {
    let kernels = try compilers.nvidia(program)
    #expect(!kernels.isEmpty)
    for kernel in kernels {
      #expect(kernel.stack == 0, "\(kernel.name) of \(program.description) has \(kernel.stack) bytes in memory")
      #expect((1...255).contains(kernel.registers) && !kernel.lines.isEmpty, "\(kernel.name)")
    }
  }

  @Test(arguments: amd) func amdFindsRegistersForAll(build: Build) throws {
    let scratch = try compilers.amdScratch(build.program, build.device)
    #expect(!scratch.isEmpty)
    for (name, bytes) in scratch {
      #expect(bytes == 0, "\(name) of \(build.testDescription) has \(bytes) bytes in memory")
    }
  }

  /// Intel's compiler accepts everything, and has enough registers for the tiles used on its devices.
  @Test(arguments: intel) func intelFindsRegistersForAll(build: Build) throws {
    var spills = try compilers.intelSpills(build.program, build.device)
    // One of the kernels for measuring the peak.
    spills.remove("peak_float16")
    #expect(spills.isEmpty, "\(build.testDescription)")
  }

  /// The functions of the extension, which the other two compilers lack.
  @Test(arguments: ["skl", "dg2"]) func intelHasDotProducts(device: String) throws {
    let program = ProgramName(family: .integerMatmul, usesDotProducts: true)
    #expect(try compilers.intelSpills(program, device).isEmpty)
  }

  /// The fraction of multiply-adds in the loop over whole tiles, which limits the fraction of the peak that a product
  /// can reach. The results are printed, because the documentation states them.
  @Test(arguments: [
    (MatmulTile.all[2], 0.78), (MatmulTile.all[3], 0.83), (MatmulTile.all[4], 0.87), (MatmulTile.all[5], 0.90),
  ])
  func productsMultiply(tile: MatmulTile, share: Double) throws {
    let kernels = try compilers.nvidia(ProgramName(family: .matmul, matmul: .tiles(tile)))
    #expect(kernels.count == 5)
    for kernel in kernels where kernel.name != "matmulReduce" {
      let found = kernel.multiplyAddShare(readingVectors: true)
      print("\(kernel.name) \(tile.itemRows)x\(tile.itemColumns)x\(tile.depth): \(found)")
      #expect(found >= share, "\(kernel.name), \(tile): \(found)")
    }
  }

  /// The assembler accepts the inline PTX for the first architecture with TF32 and for Hopper, and every fragment of a
  /// step is multiplied three times, in the loops over whole and over other tiles.
  @Test(arguments: [("sm_80", 2, true), ("sm_90", 2, false), ("sm_90", 0, false)])
  func fragmentsMultiplyOnTensorCores(architecture: String, size: Int, activates: Bool) throws {
    let tile = MatmulTile.fragments[size]
    let program = ProgramName(family: .matmul, matmul: .fragments(tile, .ptx), activates: activates)
    let kernels = try compilers.compileForNVIDIA(program, architecture)
    #expect(kernels.count == 5)
    for kernel in kernels {
      #expect(kernel.stack == 0 && (1...255).contains(kernel.registers), "\(kernel.name) on \(architecture)")
      let products = kernel.instructions.count { $0 == "HMMA.1688.F32.TF32" }
      let expected = 2 * 3 * (tile.itemRows / 2) * (tile.itemColumns / 2)
      #expect(products == (kernel.name == "matmulReduce" ? 0 : expected), "\(kernel.name) on \(architecture)")
    }
  }

  @Test func convolutionsMultiply() throws {
    let tile = try #require(MatmulTile.convolutions.last)
    let kernels = try compilers.nvidia(ProgramName(family: .convolution, matmul: .tiles(tile)))
    #expect(kernels.count == 3)
    for kernel in kernels {
      let found = kernel.multiplyAddShare(readingVectors: false)
      print("\(kernel.name) \(tile.itemRows)x\(tile.itemColumns)x\(tile.depth): \(found)")
      #expect(found >= (kernel.name == "convolveInput" ? 0.52 : 0.66), "\(kernel.name): \(found)")
    }
  }

  /// A kernel, and the number of reads per item that must be in flight at the same time.
  struct Reading: Sendable {
    let family: KernelFamily
    let kernel: String
    let reads: Int
    let dtype: DType

    init(_ family: KernelFamily, _ kernel: String, _ reads: Int, of dtype: DType = .float32) {
      (self.family, self.kernel, self.reads, self.dtype) = (family, kernel, reads, dtype)
    }
  }

  /// Four elements of each operand, or the elements of a row that an item holds.
  @Test(arguments: [
    Reading(.elementwiseBinary, "binary_add_float", 8), Reading(.elementwiseBinary, "binaryStrided_add_float", 8),
    Reading(.elementwiseBinary, "binaryScalar_multiply_float", 4), Reading(.elementwiseUnary, "unary_relu_float", 4),
    Reading(.elementwiseUnary, "unary_exp_float", 4), Reading(.elementwiseUnary, "unary_gelu_float", 4),
    Reading(.elementwiseComparison, "compare_less_float", 8), Reading(.elementwiseSelection, "select_word", 12),
    Reading(.elementwiseBinary, "binary_add_float16", 8, of: .float16),
    Reading(.elementwiseGradient, "gradient_relu", 8), Reading(.elementwiseGradient, "linearGradient_relu", 8),
    Reading(.indexing, "gatherRows_float", 8), Reading(.stridedCopy, "copy_word", 4),
    Reading(.stridedCopy, "transpose_word", 4),
    Reading(.softmax, "softmax_lanes", 16), Reading(.softmax, "softmaxGradient_lanes", 32),
    Reading(.softmax, "crossEntropy_lanes", 16), Reading(.normalization, "normalize_lanes", 16),
    Reading(.normalization, "normalizeGradient_lanes", 32),
  ])
  func itemsReadAhead(reading: Reading) throws {
    let kernels = try compilers.nvidia(ProgramName(reading.family, of: reading.dtype, isWide: false))
    let kernel = try #require(kernels.first { $0.name == reading.kernel }, "there is no \(reading.kernel)")
    print("\(kernel.name): \(kernel.readsAhead) reads")
    #expect(kernel.readsAhead >= reading.reads, "\(reading.kernel): \(kernel.readsAhead)")
  }
}
#endif
