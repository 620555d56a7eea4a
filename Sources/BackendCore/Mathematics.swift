import HostSystem

/// Functions of the C library under different names, because types of this module may have members called `log` or
/// `sin`.
@inlinable func logarithm(_ x: Double) -> Double { log(x) }
@inlinable func cosine(_ x: Double) -> Double { cos(x) }
@inlinable func sine(_ x: Double) -> Double { sin(x) }
