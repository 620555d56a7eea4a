#if OpenCL
/// Kernels that work on the rows of a matrix. `RowFolds.cl` says who does a row.
extension OpenCLBackend {
  /// The kernel for rows of this length, and its work groups.
  func rowKernel(_ family: KernelFamily, _ stem: String, rows: Int, columns: Int) -> (KernelName, WorkGroups) {
    let program = ProgramName(family: family, isWide: isWide(max(rows, columns)))
    let work = options.runsLoops ? RowWork.items : RowWork(columns: columns)
    return (KernelName(program: program, stem: stem, operation: work.rawValue), work.groups(rows, columns))
  }
}

/// Who does a row.
private enum RowWork: String {
  /// One item.
  case items
  /// 32 items, which hold the row in registers.
  case lanes
  /// A work group, which holds the row in registers.
  case group
  /// A work group, which reads the row more than once.
  case passes

  /// Items that share a row of a few hundred elements: `NN_LANES`.
  private static let laneCount = 32
  /// Elements of a row that an item holds: `NN_HELD`.
  private static let held = 16

  init(columns: Int) {
    self =
      if columns <= RowWork.laneCount {
        .items
      } else if columns <= RowWork.laneCount * RowWork.held {
        .lanes
      } else if columns <= WorkGroup.size * RowWork.held {
        .group
      } else {
        .passes
      }
  }

  func groups(_ rows: Int, _ columns: Int) -> WorkGroups {
    switch self {
    case .items: .elements(rows, each: columns)
    case .lanes: .items(rows * RowWork.laneCount)
    case .group, .passes: WorkGroups(x: rows)
    }
  }
}
#endif
