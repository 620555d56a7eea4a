import HostSystem

// The gamma function's logarithm and its derivatives. Negative arguments are reflected; others are increased by whole
// numbers until the first terms of the asymptotic series suffice (Abramowitz and Stegun, Handbook of Mathematical
// Functions, 6.3 and 6.4).

/// ln |Γ(x)|.
package func logGamma(_ x: Double) -> Double { lgamma(x) }

/// Γ′(x)/Γ(x).
package func digamma(_ x: Double) -> Double {
  if x == 0 { return -1 / x }
  if x < 0 {
    let r = x - x.rounded()
    return r == 0 ? .nan : digamma(1 - x) - .pi / tan(.pi * r)
  }
  var (y, sum) = (x, 0.0)
  while y < 20 { (y, sum) = (y + 1, sum - 1 / y) }
  let z = 1 / (y * y)
  let series = z * (1.0 / 12 - z * (1.0 / 120 - z * (1.0 / 252 - z * (1.0 / 240 - z * (5.0 / 660)))))
  return sum + (log(y) - 0.5 / y - series)
}

/// The derivative of digamma.
package func trigamma(_ x: Double) -> Double {
  if x < 0 {
    let sine = sin(.pi * (x - x.rounded()))
    return .pi * .pi / (sine * sine) - trigamma(1 - x)
  }
  var (y, sum) = (x, 0.0)
  while y < 20 { (y, sum) = (y + 1, sum + 1 / (y * y)) }
  let z = 1 / (y * y)
  let series = z * (1.0 / 6 - z * (1.0 / 30 - z * (1.0 / 42 - z * (1.0 / 30 - z * (5.0 / 66)))))
  return sum + (1 + 0.5 / y + series) / y
}

/// The second derivative of digamma.
package func tetragamma(_ x: Double) -> Double {
  if x == 0 { return -.infinity }  // at −0, too, as in PyTorch
  if x < 0 {
    let angle = Double.pi * (x - x.rounded())
    return tetragamma(1 - x) - 2 * Double.pi * Double.pi * Double.pi * cos(angle) / pow(sin(angle), 3)
  }
  var (y, sum) = (x, 0.0)
  while y < 20 { (y, sum) = (y + 1, sum - 2 / (y * y * y)) }
  let z = 1 / (y * y)
  let series = z * (1.0 / 2 - z * (1.0 / 6 - z * (1.0 / 6 - z * (3.0 / 10 - z * (5.0 / 6)))))
  return sum - (1 + 1 / y + series) * z
}
