extension Int {
  /// The quotient of nonnegative numbers, rounded up: the number of parts of a size that cover a whole.
  @inlinable package func dividedRoundingUp(by size: Int) -> Int { (self + size - 1) / size }

  /// The smallest multiple of `size` that is not less than this nonnegative number.
  @inlinable package func roundedUp(toMultipleOf size: Int) -> Int { dividedRoundingUp(by: size) * size }
}
