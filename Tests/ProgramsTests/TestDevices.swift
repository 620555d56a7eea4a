import TestSupport

typealias TestDevices = TestSupport.TestDevices

/// Whether both have the same count and no numbers differ by more than `tolerance`.
func close(_ a: [Float], _ b: [Float], _ tolerance: Float = 1e-5) -> Bool {
  a.count == b.count && zip(a, b).allSatisfy { ($0 - $1).magnitude <= tolerance }
}
