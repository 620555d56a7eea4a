import BackendCore
import CPUKernels

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Reading and adding at positions that an int32 buffer names. Out of range reads as NaN (0 for int32 and bool) and adds
/// nothing.
extension CPUBackend {
  public func gatherRows(
    _ x: BufferSlice, _ shape: AxisShape, indices: BufferSlice, indexCount: Int, into y: BufferSlice
  ) throws {
    guard x.dtype != .float64 else { throw unsupported("gatherRows", x.dtype) }
    let size = x.dtype.byteCount
    let rowBytes = shape.inner * size
    let (source, positions, result) = (x.address, indices.integers, y.address)
    parallel(shape.outer * indexCount, grain: max(1, Grain.copy / max(1, shape.inner)), unit: 1) {
      for row in $0 {
        let index = Int(positions[row % indexCount])
        let target = result + row * rowBytes
        if index >= 0 && index < shape.extent {
          memcpy(target, source + (row / indexCount * shape.extent + index) * rowBytes, rowBytes)
        } else {
          storeOutOfRange(y.dtype, target, shape.inner)
        }
      }
    }
  }

  public func gatherElements(
    _ x: BufferSlice, _ shape: AxisShape, indices: BufferSlice, indexExtent: Int, into y: BufferSlice
  ) throws {
    guard x.dtype != .float64 else { throw unsupported("gatherElements", x.dtype) }
    let (positions, inner, size) = (indices.integers, shape.inner, x.dtype.byteCount)
    let plane = indexExtent * inner
    let (byteSource, wordSource, bytes, words) = (x.bytes, x.words, y.bytes, y.words)
    parallel(shape.outer * plane, grain: Grain.simple, unit: 1) {
      for target in $0 {
        let index = Int(positions[target])
        guard index >= 0 && index < shape.extent else {
          storeOutOfRange(y.dtype, y.address + target * size, 1)
          continue
        }
        let from = (target / plane * shape.extent + index) * inner + target % inner
        if size == 1 {
          bytes[target] = byteSource[from]
        } else {
          words[target] = wordSource[from]
        }
      }
    }
  }

  private func storeOutOfRange(_ dtype: DType, _ target: UnsafeMutableRawPointer, _ count: Int) {
    switch dtype {
    case .float32:
      kernels.pointee.fill_words(target.assumingMemoryBound(to: UInt32.self), Float.nan.bitPattern, count)
    case .int32, .bool, .float64: memset(target, 0, count * dtype.byteCount)
    }
  }

  public func scatterAddRows(
    _ updates: BufferSlice, indices: BufferSlice, indexCount: Int, into y: BufferSlice, _ shape: AxisShape
  ) throws {
    guard y.dtype == .float32 || y.dtype == .int32 else { throw unsupported("scatterAddRows", y.dtype) }
    let (positions, inner, table) = (indices.integers, shape.inner, kernels)
    guard inner > 0 && indexCount > 0 else { return }
    let work = indexCount * inner
    // Threads take columns, so that each element gets its updates in the order of the indices.
    parallelMatrix(shape.outer, inner, work: work) { outer, columns in
      for j in 0..<indexCount {
        let index = Int(positions[j])
        guard index >= 0 && index < shape.extent else { continue }
        let from = (outer * indexCount + j) * inner + columns.lowerBound
        let to = (outer * shape.extent + index) * inner + columns.lowerBound
        if y.dtype == .float32 {
          table.pointee.add_floats(updates.floats + from, 1, y.floats + to, 1, columns.count)
        } else {
          table.pointee.add_int32(updates.integers + from, 1, y.integers + to, 1, columns.count)
        }
      }
    }
  }

  public func scatterAddElements(
    _ updates: BufferSlice, indices: BufferSlice, indexExtent: Int, into y: BufferSlice, _ shape: AxisShape
  ) throws {
    guard y.dtype == .float32 || y.dtype == .int32 else { throw unsupported("scatterAddElements", y.dtype) }
    let (positions, inner) = (indices.integers, shape.inner)
    let (isFloat, floats, integers) = (y.dtype == .float32, updates.floats, updates.integers)
    let (floatSums, integerSums) = (y.floats, y.integers)
    parallelMatrix(shape.outer, inner, work: indexExtent * inner) { outer, columns in
      for j in 0..<indexExtent {
        for i in columns {
          let from = (outer * indexExtent + j) * inner + i
          let index = Int(positions[from])
          guard index >= 0 && index < shape.extent else { continue }
          let to = (outer * shape.extent + index) * inner + i
          if isFloat {
            floatSums[to] += floats[from]
          } else {
            integerSums[to] &+= integers[from]
          }
        }
      }
    }
  }

  /// Cuts `outer` matrices of `columns` columns, each of which is `work` elements of work, by matrices or by columns.
  private func parallelMatrix(_ outer: Int, _ columns: Int, work: Int, _ body: (Int, Range<Int>) -> Void) {
    if outer > 1 {
      parallel(outer, grain: max(1, Grain.simple / max(1, work)), unit: 1) {
        for index in $0 { body(index, 0..<columns) }
      }
    } else if outer == 1 {
      parallel(columns, grain: max(16, Grain.simple / max(1, work / max(1, columns)))) { body(0, $0) }
    }
  }
}
