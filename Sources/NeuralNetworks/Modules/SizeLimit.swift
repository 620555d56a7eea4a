/// How large a model may be. A description that comes from a file can ask for anything; within these bounds sizes can be
/// multiplied without a thought of overflow, and what lies beyond them is an error before memory is asked for.
enum SizeLimit {
  /// Numbers of one parameter, and of one example on its way between two layers.
  static let tensor = 1 << 31
  /// Numbers of all parameters together.
  static let model = 1 << 34

  /// Windows, strides, paddings and factors, so that products of two of them with an extent can be counted.
  static let setting = 1 << 24

  /// The number of elements of a shape; nil beyond the bound. Extents below 1 count as 1.
  static func count(_ shape: [Int]) -> Int? {
    var count = 1
    for extent in shape where extent > 1 {
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      if overflow || product > tensor { return nil }
      count = product
    }
    return count
  }
}
