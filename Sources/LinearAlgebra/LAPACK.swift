import CLapack

/// The functions of LAPACK.
enum LAPACK {
  /// The names of the library: that of LAPACK, for which Debian's packages of OpenBLAS register themselves, too; and that
  /// of OpenBLAS where it is installed without them.
  private static let functions = opened(["liblapack.so.3", "libopenblas.so.0"])

  static func loaded() throws(LinearAlgebraError) -> nn_lapack { try found(functions) }

  /// Returns the functions of the first of these libraries that is installed.
  static func opened(_ libraries: [String]) -> nn_lapack? {
    let functions = UnsafeMutablePointer<nn_lapack>.allocate(capacity: 1)
    defer { functions.deallocate() }
    return libraries.contains { nn_lapack_open($0, functions) } ? functions.pointee : nil
  }

  static func found(_ functions: nn_lapack?) throws(LinearAlgebraError) -> nn_lapack {
    guard let functions else { throw .missingLibrary }
    return functions
  }
}
