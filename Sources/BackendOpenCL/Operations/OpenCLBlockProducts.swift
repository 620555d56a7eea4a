#if OpenCL
internal import HostSystem
package import BackendCore

/// Products with weights in blocks of small integers.
extension OpenCLBackend: BlockProducts {
  package func multiplies(_ format: BlockFormat) -> Bool { true }

  package func blockProduct(
    _ x: BufferSlice, _ weight: InterleavedBlocks, rows: Int, roundsInputs: Bool, into y: BufferSlice
  ) throws {
    guard x.dtype == .float32 else { throw unsupported("quantizedMatmul", x.dtype) }
    let units = weight.rows
    guard rows > 0, units > 0 else { return }
    let pieces = weight.blocks * weight.format.count / 32
    let x = roundsInputs ? try rounded(x, pieces: rows * pieces) : x
    let copy = try deviceCopy(of: weight)
    let program = ProgramName(
      family: .blockProduct, isWide: isWide(max(rows, units, pieces)), blockFormat: weight.format)
    let (function, groups) = blockProduct(rows: rows, units: units)
    try launch(KernelName(program: program, stem: "blockProduct", operation: function), groups) { arguments in
      arguments.slice(x, rows * pieces * 32)
      arguments.slice(copy[0])
      arguments.slice(copy[1])
      arguments.slice(y, rows * units)
      arguments.count(rows)
      arguments.count(units)
      arguments.count(weight.blocks)
    }
  }

  /// The kernel for a number of rows of x, and its work groups. A kernel for few rows reads the weight again for each of
  /// their blocks; tiles read it again for every 64 rows.
  private func blockProduct(rows: Int, units: Int) -> (function: String, groups: WorkGroups) {
    let block = KernelConstants.blockProductRows(runsLoops: options.runsLoops), tile = KernelConstants.blockTile
    if !options.runsLoops && rows > 2 * block {
      return ("tiles", WorkGroups(x: rows.dividedRoundingUp(by: tile) * units.dividedRoundingUp(by: tile)))
    }
    let groups = units.dividedRoundingUp(by: KernelConstants.blockLanes)
    return (
      rows == 1 ? "row" : "rows",
      WorkGroups(
        x: groups * (rows == 1 ? 1 : rows.dividedRoundingUp(by: block)),
        items: options.runsLoops ? 1 : WorkGroup.size)
    )
  }

  /// The multiples of max|x|/127 of each piece of 32 numbers that are nearest to its numbers.
  private func rounded(_ x: BufferSlice, pieces: Int) throws -> BufferSlice {
    let y = try temporary(pieces * 32, .float32)
    let program = ProgramName(family: .blockProduct, isWide: isWide(pieces))
    try launch(KernelName(program: program, stem: "roundBlocks"), .elements(pieces, each: 32)) { arguments in
      arguments.slice(x, pieces * 32)
      arguments.slice(y)
      arguments.count(pieces)
    }
    return y
  }

  /// The words and the scales of a weight in the memory of this device, which are stored with it at its first use.
  private func deviceCopy(of weight: InterleavedBlocks) throws -> [BufferSlice] {
    try weight.deviceCopies.withLock { copies in
      if let known = copies[ObjectIdentifier(pool)] { return known }
      let layout = BlockLayout(weight)
      // Not memory of a recording: later calls use it, too.
      let words = BufferSlice(
        OpenCLBuffer(block: try pool.take(4 * layout.wordCount), pool: pool, count: layout.wordCount, dtype: .int32))
      let scales = BufferSlice(
        OpenCLBuffer(block: try pool.take(2 * layout.scaleCount), pool: pool, count: layout.scaleCount, dtype: .int16))
      try layout.forEachPart { group, partWords, partScales in
        try partWords.withUnsafeBytes {
          try staging.upload($0, into: Place(words.advanced(by: group * layout.wordsOfGroup)))
        }
        try partScales.withUnsafeBytes {
          try staging.upload($0, into: Place(scales.advanced(by: group * layout.scalesOfGroup)))
        }
      }
      copies[ObjectIdentifier(pool)] = [words, scales]
      return [words, scales]
    }
  }
}

/// The order of a weight in device memory (`BlockDecoding.cl`): 16 rows are side by side, and scales and minima are apart
/// from the words of a block.
private struct BlockLayout {
  private let weight: InterleavedBlocks

  init(_ weight: InterleavedBlocks) { self.weight = weight }

  /// The first scale in a block.
  private var scaleOffset: Int { weight.format == .q6K ? 208 : 0 }
  /// The count of scales and minima in a block.
  private var scales: Int {
    switch weight.format {
    case .q40, .q50, .q80, .q6K: 1
    case .q41, .q51, .q4K, .q5K: 2
    }
  }
  private var words: Int { (weight.format.size - 2 * scales) / 4 }
  private var groups: Int { weight.rows.dividedRoundingUp(by: KernelConstants.blockLanes) }

  var wordsOfGroup: Int { weight.blocks * words * KernelConstants.blockLanes }
  var scalesOfGroup: Int { weight.blocks * scales * KernelConstants.blockLanes }
  var wordCount: Int { groups * wordsOfGroup }
  var scaleCount: Int { groups * scalesOfGroup }

  /// Calls `body` with the words and scales of some groups at a time, and the number of the first one: about 4 MB.
  func forEachPart(_ body: (_ group: Int, _ words: [UInt32], _ scales: [UInt16]) throws -> Void) throws {
    let step = max((1 << 20) / max(wordsOfGroup, 1), 1)
    for first in stride(from: 0, to: groups, by: step) {
      let count = min(step, groups - first)
      var words = [UInt32](repeating: 0, count: count * wordsOfGroup)
      var scales = [UInt16](repeating: 0, count: count * scalesOfGroup)
      var row = [UInt8](repeating: 0, count: weight.blocks * weight.format.size)
      let lanes = KernelConstants.blockLanes
      for unit in first * lanes..<min((first + count) * lanes, weight.rows) {
        row.withUnsafeMutableBytes {
          weight.load(unit, into: $0)
          place(UnsafeRawBufferPointer($0), unit - first * lanes, &words, &scales)
        }
      }
      try body(first, words, scales)
    }
  }

  /// Stores the blocks of a row among those of its group.
  private func place(_ row: UnsafeRawBufferPointer, _ unit: Int, _ words: inout [UInt32], _ scales: inout [UInt16]) {
    let (lanes, size) = (KernelConstants.blockLanes, weight.format.size)
    let (group, lane) = (unit / lanes, unit % lanes)
    let (wordCount, scaleCount, scaleOffset) = (self.words, self.scales, scaleOffset)
    let wordOffset = scaleOffset == 0 ? 2 * scaleCount : 0
    for block in 0..<weight.blocks {
      let place = group * weight.blocks + block
      for word in 0..<wordCount {
        words[(place * wordCount + word) * lanes + lane] = UInt32(
          littleEndian: row.loadUnaligned(fromByteOffset: block * size + wordOffset + 4 * word, as: UInt32.self))
      }
      for scale in 0..<scaleCount {
        scales[(place * scaleCount + scale) * lanes + lane] = UInt16(
          littleEndian: row.loadUnaligned(fromByteOffset: block * size + scaleOffset + 2 * scale, as: UInt16.self))
      }
    }
  }
}

extension BlockFormat {
  /// The value of NN_FORMAT in kernels.
  var kernelCode: Int {
    switch self {
    case .q40: 40
    case .q41: 41
    case .q50: 50
    case .q51: 51
    case .q80: 80
    case .q4K: 1004
    case .q5K: 1005
    case .q6K: 1006
    }
  }
}
#endif
