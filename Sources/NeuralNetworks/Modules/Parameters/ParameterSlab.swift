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
