#if OpenCL
import BackendCore
import Testing

@testable import BackendOpenCL

/// Examines the code that GPU compilers generate for the kernels. A machine without a GPU cannot measure their speed,
/// but it can check whether a kernel keeps its values in registers, reads ahead, and consists mostly of
/// multiplications. `Scripts/test-opencl gpu-code` runs this; without its compilers, the tests are skipped.
@Suite(.enabled(if: GPUCompilers.fromEnvironment != nil)) struct GPUCodeTests {
  private let compilers = GPUCompilers.fromEnvironment!

  /// The programs for GPUs.
  static let programs: [ProgramName] = {
    let made: Set<KernelFamily> = [.convolution, .matmul, .matmulPanels, .matmulRows]
    let tiles = MatmulTile.all.map { ProgramName(family: .matmul, matmul: .tiles($0)) }
    let products = tiles + [ProgramName(family: .matmulRows, matmul: .rows)]
    let activating = products.map { program in
      var program = program
      program.activates = true
      return program
    }
    return KernelFamily.allCases.filter { !made.contains($0) }.map { ProgramName(family: $0) } + products + activating
      + MatmulTile.convolutions.map { ProgramName(family: .convolution, matmul: .tiles($0)) }
      + KernelTour.elementPrograms(hasDoubles: true) + [KernelTour.doubleProducts(runsLoops: false)]
  }()

  @Test(arguments: programs) func nvidiaFindsRegistersForAll(program: ProgramName) throws {
    let kernels = try compilers.nvidia(program)
    #expect(!kernels.isEmpty)
    for kernel in kernels {
      #expect(kernel.stack == 0, "\(kernel.name) of \(program.description) has \(kernel.stack) bytes in memory")
      #expect((1...255).contains(kernel.registers) && !kernel.lines.isEmpty, "\(kernel.name)")
    }
  }

  /// AMD's devices have fewer registers; the largest tile is not used on them.
  @Test(arguments: programs.filter { $0.matmul != .tiles(MatmulTile.all[5]) }, ["gfx90a", "gfx1100"])
  func amdFindsRegistersForAll(program: ProgramName, device: String) throws {
    let scratch = try compilers.amdScratch(program, device)
    #expect(!scratch.isEmpty)
    for (name, bytes) in scratch {
      #expect(bytes == 0, "\(name) of \(program.description) has \(bytes) bytes in memory on \(device)")
    }
  }

  /// Intel's compiler accepts everything, and has enough registers for the tiles used on its devices.
  @Test(arguments: programs, ["skl", "dg2"]) func intelFindsRegistersForAll(program: ProgramName, device: String) throws
  {
    // These GPUs have no double.
    if program.hasDoubles && device == "dg2" { return }
    var spills = try compilers.intelSpills(program, device)
    // One of the kernels for measuring the peak.
    spills.remove("peak_float16")
    if case .tiles(let tile) = program.matmul {
      let largest = MatmulTile.convolutions(vendor: "Intel").last!
      if tile.itemRows * tile.itemColumns > largest.itemRows * largest.itemColumns { return }
    }
    #expect(spills.isEmpty, "\(program.description) on \(device)")
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
