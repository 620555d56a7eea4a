#if OpenCL
/// Kernels for the rows of a matrix. See `RowReductions.cl` for the division of a row.
extension OpenCLBackend {
  /// The kernel for rows of this length, and its work groups.
  func rowKernel(_ family: KernelFamily, _ stem: String, rows: Int, columns: Int) -> (KernelName, WorkGroups) {
    let program = ProgramName(family: family, isWide: isWide(max(rows, columns)))
    let work = options.runsLoops ? RowWork.items : RowWork(columns: columns)
    return (KernelName(program: program, stem: stem, operation: work.rawValue), work.groups(rows, columns))
  }
}

/// The division of a row.
private enum RowWork: String {
  /// One item.
  case items
  /// 32 to 256 items, enough to hold the row in registers.
  case lanes
  /// A work group that reads the row more than once.
  case passes

  init(columns: Int) {
    self =
      if columns <= KernelConstants.fewestLanes {
        .items
      } else if columns <= WorkGroup.size * KernelConstants.held {
        .lanes
      } else {
        .passes
      }
  }

  func groups(_ rows: Int, _ columns: Int) -> WorkGroups {
    switch self {
    case .items: return .elements(rows, each: columns)
    case .lanes:
      // `nn_lanes` of `RowReductions.cl`.
      var lanes = KernelConstants.fewestLanes
      while lanes * KernelConstants.held < columns { lanes *= 2 }
      return .items(rows * lanes)
    case .passes: return WorkGroups(x: rows)
    }
  }
}
#endif
