import HostSystem

/// The memory of several parameters: a one-dimensional tensor in which each parameter owns a range.
///
/// It is the only permanent owner of the storage, so an update can be done in place and in one launch. While a value
/// read from it is still referenced, the update writes to a copy.
package final class ParameterSlab {
  package var values: Tensor
  /// The number of parameters in the slab.
  var memberCount = 0

  init(_ values: Tensor) { self.values = values }

  /// Copies a tensor over a range.
  func write(_ value: Tensor, at offset: Int) {
    let count = value.count
    if count == 0 { return }
    do {
      let source = try value.slice
      try values.makeUnique()
      try values.device.callTarget.copy(source, count: count, into: values.slice.advanced(by: offset))
    } catch {
      // Concatenating the slab again passes the error on to readers of the values.
      let end = offset + count
      values = Tensor.concatenated([
        Tensor(viewing: values, offset: 0, shape: [offset]), value.detached().reshaped([count]),
        Tensor(viewing: values, offset: end, shape: [values.count - end]),
      ])
    }
  }
}

/// The positions of parameters in slabs. Parameters, gradients, and optimizer state share this layout.
package final class SlabLayout: Sendable {
  /// One parameter.
  package struct Entry: Sendable, Hashable {
    package let path: String
    package let key: LeafKey
    package let shape: [Int]
    package let target: LeafTarget
  }

  package let entries: [Entry]
  /// The number of elements of each slab.
  package let slabCounts: [Int]
  /// The location of each parameter's gradient.
  package let targets: [LeafKey: LeafTarget]
  private let positions: [String: Int]

  /// Ranges start at multiples of this number of elements: 256 bytes of float32.
  static let alignment = 64

  init(_ entries: [Entry], slabCounts: [Int]) {
    self.entries = entries
    self.slabCounts = slabCounts
    targets = Dictionary(entries.map { ($0.key, $0.target) }, uniquingKeysWith: { first, _ in first })
    positions = Dictionary(entries.indices.map { (entries[$0].path, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// Creates a layout of parameters with known shapes, one after the other in a single slab.
  convenience init(packing parameters: [(path: String, parameter: Parameter)]) {
    var entries: [Entry] = []
    var end = 0
    for (path, parameter) in parameters {
      let start = end.roundedUp(toMultipleOf: SlabLayout.alignment)
      let target = LeafTarget(slab: 0, offset: start, count: parameter.count)
      entries.append(Entry(path: path, key: LeafKey(parameter), shape: parameter.shape ?? [], target: target))
      end = start + parameter.count
    }
    self.init(entries, slabCounts: [end])
  }

  /// Returns the layout of the same slabs with other shapes of their parameters.
  func replacingShapes(_ shape: ([Int]) -> [Int]) -> SlabLayout {
    var ends = slabCounts.map { _ in 0 }
    let entries = entries.map { entry in
      let (slab, shape) = (entry.target.slab, shape(entry.shape))
      let start = ends[slab].roundedUp(toMultipleOf: SlabLayout.alignment)
      let target = LeafTarget(slab: slab, offset: start, count: shape.reduce(1, *))
      ends[slab] = start + target.count
      return Entry(path: entry.path, key: entry.key, shape: shape, target: target)
    }
    return SlabLayout(entries, slabCounts: ends)
  }

  /// Returns the entry of a parameter; nil if there is none.
  package func entry(_ path: String) -> Entry? { positions[path].map { entries[$0] } }

  /// Returns whether slabs of both layouts can be used together.
  func matches(_ other: SlabLayout) -> Bool {
    self === other || (slabCounts == other.slabCounts && entries == other.entries)
  }

  /// Returns the values of an entry in slabs of this layout.
  package func value(_ entry: Entry, in slabs: [Tensor]) -> Tensor {
    Tensor(viewing: slabs[entry.target.slab], offset: entry.target.offset, shape: entry.shape)
  }

  /// Returns one slab assembled from the values of its parameters, with zeros in gaps and for missing values.
  func packed(
    _ slab: Int, _ dtype: DType, _ device: Device, _ value: (Entry) throws -> Tensor?
  ) rethrows -> Tensor {
    var pieces: [Tensor] = []
    var end = 0
    func fill(to offset: Int) {
      if offset > end { pieces.append(.zeros([offset - end], dtype: dtype, on: device)) }
    }
    for entry in entries.sorted(by: { $0.target.offset < $1.target.offset }) where entry.target.slab == slab {
      guard entry.target.count > 0, let value = try value(entry) else { continue }
      fill(to: entry.target.offset)
      // The device may not support an element type of another device.
      let canMove = device.backend.supports(value.dtype)
      let moved = (canMove ? value.detached() : value.detached().cast(to: dtype)).moved(to: device)
      pieces.append(moved.cast(to: dtype).reshaped([entry.target.count]))
      end = entry.target.offset + entry.target.count
    }
    fill(to: slabCounts[slab])
    return pieces.isEmpty ? .zeros([0], dtype: dtype, on: device) : .concatenated(pieces)
  }
}
