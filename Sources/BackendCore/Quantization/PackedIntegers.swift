import HostSystem

/// A constant matrix W `[units, inputs]` of 8-bit integers with a float32 scale for each unit, in the order in which kernels
/// read it: the weights are W[u, i]·scales[u].
///
/// 64 units are side by side in a panel. A panel has a row of 64 words for every four inputs; a word has the integers of one
/// unit for these inputs. Panels are padded with zeros to whole words and to 64 units.
package final class PackedIntegers: @unchecked Sendable {
  /// The numbers of rows and columns of W.
  package let units, inputs: Int
  /// The panels, one after another. They are only written before the matrix is shared.
  package let panels: UnsafeMutableBufferPointer<Int8>
  /// The sum of the integers of each unit, with zeros for the padding.
  package let sums: UnsafeMutableBufferPointer<Int32>
  /// The scale of each unit.
  package let scales: UnsafeMutableBufferPointer<Float>

  /// The number of units side by side.
  package static let width = 64

  /// Packs integers.
  ///
  /// - Parameters:
  ///   - values: The integers of each unit, one unit after another: `units · inputs`.
  ///   - scales: The scale of each unit: `units` numbers.
  /// - Throws: `HostMemory.Shortage` if they do not fit into memory.
  package init(
    _ values: UnsafeBufferPointer<Int8>, units: Int, inputs: Int, scales: [Float]
  ) throws(HostMemory.Shortage) {
    (self.units, self.inputs) = (units, inputs)
    let padded = units.dividedRoundingUp(by: Self.width) * Self.width
    let size = inputs.dividedRoundingUp(by: 4) * 4
    try HostMemory.check(padded, of: size + 8)
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: padded * size, alignment: 64)
    memory.initializeMemory(as: Int8.self, repeating: 0)
    panels = memory.bindMemory(to: Int8.self)
    sums = .allocate(capacity: padded)
    sums.initialize(repeating: 0)
    self.scales = .allocate(capacity: units)
    _ = self.scales.initialize(from: scales)
    for unit in 0..<units {
      for input in 0..<inputs {
        let value = values[unit * inputs + input]
        panels[place(unit, input)] = value
        sums[unit] &+= Int32(value)
      }
    }
  }

  /// Packs integers from an array.
  package convenience init(_ values: [Int8], units: Int, inputs: Int, scales: [Float]) throws(HostMemory.Shortage) {
    let copy = UnsafeMutableBufferPointer<Int8>.allocate(capacity: values.count)
    defer { copy.deallocate() }
    _ = copy.initialize(from: values)
    try self.init(UnsafeBufferPointer(copy), units: units, inputs: inputs, scales: scales)
  }

  deinit {
    UnsafeMutableRawBufferPointer(panels).deallocate()
    sums.deallocate()
    scales.deallocate()
  }

  /// The number of bytes from one panel to the next.
  package var panelSize: Int { inputs.dividedRoundingUp(by: 4) * 4 * Self.width }

  /// The size of the memory in bytes, with the padding.
  package var byteCount: Int { panels.count + 4 * sums.count + 4 * scales.count }

  private func place(_ unit: Int, _ input: Int) -> Int {
    unit / Self.width * panelSize + (input / 4 * Self.width + unit % Self.width) * 4 + input % 4
  }

  /// The integers of each unit, one unit after another.
  package var values: [Int8] {
    [Int8](unsafeUninitializedCapacity: units * inputs) { values, count in
      for unit in 0..<units {
        for input in 0..<inputs { values[unit * inputs + input] = panels[place(unit, input)] }
      }
      count = units * inputs
    }
  }
}
