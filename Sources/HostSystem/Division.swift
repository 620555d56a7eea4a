extension Int {
  /// The quotient of nonnegative numbers, rounded up: the number of parts of a size that cover a whole.
  @inlinable package func dividedRoundingUp(by size: Int) -> Int {
    // Not (self + size − 1) / size, which overflows for a large size.
    let (quotient, remainder) = quotientAndRemainder(dividingBy: size)
    return remainder > 0 ? quotient + 1 : quotient
  }

  /// The smallest multiple of `size` that is not less than this nonnegative number.
  @inlinable package func roundedUp(toMultipleOf size: Int) -> Int { dividedRoundingUp(by: size) * size }
}
