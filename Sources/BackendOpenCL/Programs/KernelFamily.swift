#if OpenCL
internal import HostSystem
internal import BackendCore

/// The families of kernels. Each is one program, made of `Common.cl`, shared files, and the file of this name.
enum KernelFamily: String, Sendable, CaseIterable {
  case argReduction = "ArgReduction"
  case blockProduct = "BlockProduct"
  case castFloat64 = "CastFloat64"
  case castInt16 = "CastInt16"
  case castInt64 = "CastInt64"
  case castInt8 = "CastInt8"
  case castUInt8 = "CastUInt8"
  case convolution = "Convolution"
  case elementwiseBinary = "ElementwiseBinary"
  case elementwiseComparison = "ElementwiseComparison"
  case elementwiseGradient = "ElementwiseGradient"
  case elementwiseSelection = "ElementwiseSelection"
  case elementwiseUnary = "ElementwiseUnary"
  case indexing = "Indexing"
  case integerMatmul = "IntegerMatmul"
  case matmul = "Matmul"
  case matmulPanels = "MatmulPanels"
  case matmulRows = "MatmulRows"
  case normalization = "Normalization"
  case optimizerSteps = "OptimizerSteps"
  case peak = "Peak"
  case pooling = "Pooling"
  case random = "Random"
  case recurrent = "Recurrent"
  case reduction = "Reduction"
  case scan = "Scan"
  case scatter = "Scatter"
  case softmax = "Softmax"
  case sort = "Sort"
  case stridedCopy = "StridedCopy"

  /// The family of the conversions from one type to another. The common types share a program with other operations. Each
  /// further type has its own, so that none is built before it is used, and so that all devices can build their own.
  static func conversion(from: DType, to: DType) -> KernelFamily {
    // A program contains the conversions between its type and those below it in this list.
    let programs: [(dtype: DType, family: KernelFamily)] = [
      (.float64, .castFloat64), (.int64, .castInt64), (.int16, .castInt16), (.uint8, .castUInt8), (.int8, .castInt8),
    ]
    return programs.first { $0.dtype == from || $0.dtype == to }?.family ?? .elementwiseSelection
  }

  /// The files of the program, in order.
  var files: [String] {
    let operations = ["Operations/Mathematics", "Operations/Unary"]
    let shared: [String] =
      switch self {
      case .elementwiseSelection, .castInt8, .castUInt8, .castInt16, .castInt64, .castFloat64:
        ["Halves", "Conversion"]
      case .blockProduct: ["BlockDecoding", "Tiles"]
      case .convolution: operations + ["Tiles"]
      case .matmul: operations + ["Activation", "Tiles", "Fragments", "MatmulEpilogue"]
      case .matmulPanels, .matmulRows: operations + ["Activation", "MatmulEpilogue"]
      case .elementwiseUnary, .elementwiseGradient: ["Halves", "Operations/Double"] + operations
      case .elementwiseBinary, .elementwiseComparison: ["Halves", "Operations/Mathematics", "Operations/Binary"]
      case .recurrent: operations
      case .optimizerSteps: ["Operations/Optimizer"]
      case .normalization: ["RowReductions"]
      case .softmax: ["Operations/Mathematics", "RowReductions"]
      case .scan, .scatter: ["Accumulation"]
      default: []
      }
    return ["Common"] + shared + [rawValue]
  }
}

/// A program: a family built with specific constants.
struct ProgramName: Sendable, Hashable {
  let family: KernelFamily
  /// Whether positions in operands have 64 bits.
  var isWide = false
  /// The method for matrix products, if the family uses them.
  var matmul: MatmulVariant?
  /// Only for matrix products: whether activations that are more complex than a comparison are built in.
  var activates = false
  /// The element type, if the program is built for it: float64, int64, or, for elementwise functions and comparisons, float16
  /// or bfloat16. The program of the other types is that of float32.
  var element = DType.float32
  /// Only for products with weights in blocks: their format.
  var blockFormat = BlockFormat.q80
  /// Only for products of integers: whether they use the functions of the extension `cl_khr_integer_dot_product`.
  var usesDotProducts = false

  /// The definitions for the compiler.
  var definitions: String {
    var text = ""
    if isWide { text += " -DNN_WIDE" }
    if let matmul { text += matmul.definitions }
    if activates { text += " -DNN_ACTIVATES" }
    if element.hasOwnPrograms { text += " -DNN_ELEMENT=\(element.kernelType)" }
    if blockFormat != .q80 { text += " -DNN_FORMAT=\(blockFormat.kernelCode)" }
    if usesDotProducts { text += " -DNN_DOT_PRODUCTS" }
    return text
  }

  /// The family with its constants, for messages.
  var description: String { family.rawValue + definitions }
}

extension ProgramName {
  /// The program of a family that is built for each element type.
  init(_ family: KernelFamily, of dtype: DType, isWide: Bool) {
    self.init(family: family, isWide: isWide, element: dtype.hasOwnPrograms ? dtype : .float32)
  }
}

extension DType {
  /// Whether kernels of this type are in programs of their own, which are built when such a call occurs.
  fileprivate var hasOwnPrograms: Bool { isHalf || self == .float64 || self == .int64 }
}

/// A kernel: a program, and up to three parts of the function's name, joined by underscores. (The parts are literals;
/// joining them for every launch would cost more than the lookup.)
struct KernelName: Sendable, Hashable {
  let program: ProgramName
  let stem: String
  var operation = ""
  var type = ""

  var function: String { [stem, operation, type].filter { !$0.isEmpty }.joined(separator: "_") }
}

/// The work group sizes of all kernels.
enum WorkGroup {
  /// The number of items in a group.
  static let size = KernelConstants.group
  /// The number of elements processed by a group of an elementwise kernel.
  static let elements = KernelConstants.group * KernelConstants.each
  /// The number of elements in a piece of work for an item that runs a loop.
  static let loop = 8192
}

/// The number of work groups along three axes. Only the first may be larger than 65535.
struct WorkGroups: Sendable {
  var x: Int
  var y = 1
  var z = 1
  /// The number of items in a group.
  var items = WorkGroup.size
  /// For a kernel that loops with `NN_FOREACH`: the total number of iterations, the number of elements that each
  /// touches, and the minimum number of adjacent iterations for one item; nil for other kernels.
  private var loop: (count: Int, elements: Int, neighbors: Int)?

  init(x: Int, y: Int = 1, z: Int = 1, items: Int = WorkGroup.size) {
    self.x = x
    self.y = y
    self.z = z
    self.items = items
  }

  /// Groups for a kernel that loops with `NN_FOREACH`: over `count` elements, or over `count` lines of `each` elements.
  /// If lines are adjacent (`areColumns`), each item gets many, because reading only a cache line or two of each
  /// row would be slow.
  static func elements(_ count: Int, each: Int = 1, areColumns: Bool = false) -> WorkGroups {
    var groups = WorkGroups(x: count.dividedRoundingUp(by: WorkGroup.elements))
    groups.loop = (count, each, areColumns ? 512 : 16)
    return groups
  }

  /// The same work for items that run long loops: enough pieces to keep several cores busy until the end, but none so
  /// short that its launch overhead would matter.
  var loops: WorkGroups {
    guard let loop, loop.count > 0 else { return self }
    let pieces = loop.count.multipliedReportingOverflow(by: loop.elements).partialValue / WorkGroup.loop
    return WorkGroups(x: min(max(pieces, 1), loop.count.dividedRoundingUp(by: loop.neighbors)), items: 1)
  }

  /// The number of items along the three axes, and per group.
  var global: InlineArray<3, Int> { [x * items, y, z] }
  var local: InlineArray<3, Int> { [items, 1, 1] }

  /// Groups for `count` items.
  static func items(_ count: Int) -> WorkGroups { WorkGroups(x: count.dividedRoundingUp(by: WorkGroup.size)) }
}
#endif
