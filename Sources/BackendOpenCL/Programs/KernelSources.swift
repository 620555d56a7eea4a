#if OpenCL
internal import HostSystem
internal import BackendCore
internal import Files
internal import OpenCLKernels

/// The source text of the kernels: embedded in the binary, or read from a folder during development.
package struct KernelSources: Sendable {
  /// The folder of the `.cl` files; nil for the embedded ones.
  let directory: String?

  /// The sources in the folder named by `NN_KERNELS_DIR`, or the embedded ones.
  static var fromEnvironment: KernelSources {
    KernelSources(
      directory: setting("NN_KERNELS_DIR", expected: "a folder", otherwise: "using the kernels inside the program") {
        Folder.isFolder($0) ? $0 : nil
      })
  }

  /// Whether CPUs run the kernels for GPUs (`NN_OPENCL_KERNELS=groups`), for tests.
  static var areForGroups: Bool {
    let isSet = setting("NN_OPENCL_KERNELS", expected: "\"groups\"", otherwise: "using the kernels for the device") {
      $0 == "groups" ? true : nil
    }
    return isSet ?? false
  }

  /// Whether products may run on tensor cores (`NN_OPENCL_FRAGMENTS=1`).
  static var mayUseFragments: Bool {
    let isSet = setting("NN_OPENCL_FRAGMENTS", expected: "\"1\" or \"0\"", otherwise: "not using tensor cores") {
      ["0": false, "1": true][$0]
    }
    return isSet ?? false
  }

  /// Prints a line on standard error for each invalid environment variable of this backend.
  package static func checkEnvironment() { _ = (fromEnvironment, areForGroups, mayUseFragments) }

  /// The complete source of a family's program.
  func source(of family: KernelFamily) throws -> [UInt8] {
    try family.files.reduce(into: KernelConstants.source) { try $0 += text($1, for: family) }
  }

  func text(_ name: String, for family: KernelFamily) throws -> [UInt8] {
    if let directory { return try read("\(directory)/\(name).cl", for: family) }
    for index in 0..<nn_kernel_source_count() {
      let source = nn_kernel_source(index)
      if String(cString: source.name) == name {
        return [UInt8](UnsafeBufferPointer(start: source.bytes, count: source.length))
      }
    }
    fatalError("no kernels called \(name) are embedded")
  }

  private func read(_ path: String, for family: KernelFamily) throws -> [UInt8] {
    do { return try FileReader.read(path, limit: 1 << 24) } catch {
      throw BackendError.kernelBuild(program: family.rawValue, log: "\(path): \(error.reason)")
    }
  }
}

/// The numbers shared by kernels and their launches. They are defined at the beginning of every program.
enum KernelConstants {
  /// The number of items in a work group.
  static let group = 256
  /// The number of elements that an item of an elementwise kernel processes, `group` apart.
  static let each = 4
  /// The number of elements of a line, and of rows of columns, that are summed in a single number.
  static let sumBlock = 1024
  static let blockRows = 32
  /// The number of adjacent columns that a work group reduces; where items run loops, the maximum number.
  static func reductionColumns(runsLoops: Bool) -> Int { runsLoops ? 1024 : 32 }
  /// The number of units for which a work group computes the gradients of a linear layer.
  static func gradientColumns(runsLoops: Bool) -> Int { runsLoops ? 512 : 32 }
  /// The number of elements of a row that an item holds in registers, and the minimum number of items that share a row.
  /// It is also the length of the longest row for one item.
  static let held = 16
  static let fewestLanes = 32
  /// The number of columns, or of items that share a column if B is transposed, in a block of a product of few rows.
  static let rowBlock = 32
  /// The number of items along each side of a tile of a matrix product.
  static let across = 16
  /// The number of rows of a weight in blocks that are side by side, and the numbers of rows of the other factor that a
  /// kernel for few rows, and one with tiles, multiply with a number once it is decoded.
  static let blockLanes = 16
  static func blockProductRows(runsLoops: Bool) -> Int { runsLoops ? 8 : 4 }
  static let blockTile = 64
  /// The number of rows and columns of a tile of a product of integers; where items run loops, of a block.
  static let integerTile = 64
  static let integerRows = 4
  static let integerColumns = 32
  /// The number of output positions in a block of a convolution, where items run loops.
  static let convolutionColumns = 32
  /// The extents of a tile of a transposed matrix.
  static func transposeRows(runsLoops: Bool) -> Int { runsLoops ? 256 : 32 }
  static let transposeColumns = 32
  /// The number of elements that a work group sorts in local memory.
  static let sortBlock = 1024

  /// The names in kernels, and the values as definitions for the preprocessor.
  static let definitions: [(name: String, loops: Int, groups: Int)] = [
    ("NN_GROUP", group, group),
    ("NN_EACH", each, each),
    ("NN_SUM_BLOCK", sumBlock, sumBlock),
    ("NN_BLOCK_ROWS", blockRows, blockRows),
    ("NN_REDUCTION_COLUMNS", reductionColumns(runsLoops: true), reductionColumns(runsLoops: false)),
    ("NN_GRADIENT_COLUMNS", gradientColumns(runsLoops: true), gradientColumns(runsLoops: false)),
    ("NN_HELD", held, held),
    ("NN_FEWEST_LANES", fewestLanes, fewestLanes),
    ("NN_ROW_BLOCK", rowBlock, rowBlock),
    ("NN_ACROSS", across, across),
    ("NN_BLOCK_LANES", blockLanes, blockLanes),
    ("NN_BLOCK_PRODUCT_ROWS", blockProductRows(runsLoops: true), blockProductRows(runsLoops: false)),
    ("NN_BLOCK_TILE", blockTile, blockTile),
    ("NN_INTEGER_TILE", integerTile, integerTile),
    ("NN_INTEGER_ROWS", integerRows, integerRows),
    ("NN_INTEGER_COLUMNS", integerColumns, integerColumns),
    ("NN_CONVOLUTION_COLUMNS", convolutionColumns, convolutionColumns),
    ("NN_TILE_ROWS", transposeRows(runsLoops: true), transposeRows(runsLoops: false)),
    ("NN_TILE_COLUMNS", transposeColumns, transposeColumns),
    ("NN_SORT_BLOCK", sortBlock, sortBlock),
  ]

  static let source: [UInt8] = {
    let loops = definitions.map { "#define \($0.name) \($0.loops)\n" }.joined()
    let groups = definitions.map { "#define \($0.name) \($0.groups)\n" }.joined()
    return Array("#ifdef NN_LOOPS\n\(loops)#else\n\(groups)#endif\n".utf8)
  }()
}
#endif
