/// The size limits of models. A description from a file can request any size. Within these limits, sizes can be
/// multiplied without overflow. Larger sizes are rejected before memory is allocated.
enum SizeLimit {
  /// The limit for the elements of one parameter, and of one example between two layers.
  static let tensor = 1 << 31
  /// The limit for the elements of all parameters together.
  static let model = 1 << 34

  /// The limit for windows, strides, padding, and factors, so that products of two of them with a size do not overflow.
  static let setting = 1 << 24

  /// Returns the number of elements of a shape; nil if it exceeds the limit. Sizes below 1 count as 1.
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
