#if OpenCL
/// The families of kernels: one program each, made of `Common.cl` and the file of this name, and what some share.
enum KernelFamily: String, Sendable, CaseIterable {
  case argReduction = "ArgReduction"
  case convolution = "Convolution"
  case elementwiseBinary = "ElementwiseBinary"
  case elementwiseComparison = "ElementwiseComparison"
  case elementwiseGradient = "ElementwiseGradient"
  case elementwiseSelection = "ElementwiseSelection"
  case elementwiseUnary = "ElementwiseUnary"
  case indexing = "Indexing"
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
  case softmax = "Softmax"
  case sort = "Sort"
  case stridedCopy = "StridedCopy"

  /// The files that the program is made of, in their order.
  var files: [String] {
    switch self {
    case .convolution: ["Common", "Tiles", rawValue]
    case .matmul: ["Common", "Tiles", "MatmulEpilogue", rawValue]
    case .matmulPanels, .matmulRows: ["Common", "MatmulEpilogue", rawValue]
    case .normalization, .softmax: ["Common", "RowFolds", rawValue]
    default: ["Common", rawValue]
    }
  }
}

/// A program: a family built with certain constants.
struct ProgramName: Sendable, Hashable {
  let family: KernelFamily
  /// Positions within operands take 64 bits.
  var isWide = false
  /// How products are computed, where the family is made of them.
  var matmul: MatmulVariant?
  /// For matrix products alone: activations that are more than a comparison are built in.
  var activates = false

  /// What the compiler is told.
  var definitions: String {
    var text = ""
    if isWide { text += " -DNN_WIDE" }
    if let matmul { text += matmul.definitions }
    if activates { text += " -DNN_ACTIVATES" }
    return text
  }

  /// The family with its constants, for messages.
  var description: String { family.rawValue + definitions }
}

/// A kernel: a program, and up to three parts of the function's name, joined by underscores. (Parts, because they are
/// literals: joining them for every launch would cost more than the lookup.)
struct KernelName: Sendable, Hashable {
  let program: ProgramName
  let stem: String
  var operation = ""
  var type = ""

  var function: String { [stem, operation, type].filter { !$0.isEmpty }.joined(separator: "_") }
}

/// The work groups of all kernels.
enum WorkGroup {
  /// Items of a group: `NN_GROUP` in `Common.cl`.
  static let size = 256
  /// Elements of a group of an elementwise kernel: `NN_GROUP · NN_EACH`.
  static let elements = 1024
  /// Elements of a piece of work of an item that runs a loop.
  static let loop = 8192
}

/// How many work groups run, along three axes. Only the first may be larger than 65535.
struct WorkGroups: Sendable {
  var x: Int
  var y = 1
  var z = 1
  /// Items of a group.
  var items = WorkGroup.size
  /// How often a kernel that loops with `NN_FOREACH` does so in all, the elements that each time touches, and the least
  /// number of neighbouring times for one item; nil for other kernels.
  private var loop: (count: Int, elements: Int, neighbours: Int)?

  init(x: Int, y: Int = 1, z: Int = 1, items: Int = WorkGroup.size) {
    self.x = x
    self.y = y
    self.z = z
    self.items = items
  }

  /// Groups for a kernel that loops with `NN_FOREACH`: over `count` elements, or over `count` lines of `each` elements. Where
  /// lines lie side by side, `areColumns`, an item gets many: a cache line or two of each row would be read slowly.
  static func elements(_ count: Int, each: Int = 1, areColumns: Bool = false) -> WorkGroups {
    var groups = WorkGroups(x: (count + WorkGroup.elements - 1) / WorkGroup.elements)
    groups.loop = (count, each, areColumns ? 512 : 16)
    return groups
  }

  /// The same work for items that run long loops: enough pieces to keep several cores busy to the end, none so short that
  /// starting it would show.
  var loops: WorkGroups {
    guard let loop, loop.count > 0 else { return self }
    let pieces = loop.count.multipliedReportingOverflow(by: loop.elements).partialValue / WorkGroup.loop
    return WorkGroups(x: min(max(pieces, 1), (loop.count + loop.neighbours - 1) / loop.neighbours), items: 1)
  }

  /// Items along the three axes, and those of a group.
  var global: InlineArray<3, Int> { [x * items, y, z] }
  var local: InlineArray<3, Int> { [items, 1, 1] }

  /// Groups for `count` items.
  static func items(_ count: Int) -> WorkGroups { WorkGroups(x: (count + WorkGroup.size - 1) / WorkGroup.size) }
}
#endif
