#if OpenCL
/// A kernel in NVIDIA's machine code.
struct NVIDIAKernel: Sendable {
  let name: String
  let registers: Int
  /// The number of bytes of memory for values that do not fit into registers.
  let stack: Int
  /// The instructions in order, with the labels between them.
  let lines: [Line]

  enum Line: Sendable {
    case label(String)
    /// The name with all suffixes, such as "LDG.E.128", and the target label of a jump.
    case instruction(name: String, target: String?)
  }

  /// Parses the output of the assembler with -v, and of the disassembler.
  static func parse(log: String, listing: String) throws -> [NVIDIAKernel] {
    var registers: [String: Int] = [:]
    var stacks: [String: Int] = [:]
    var name = ""
    for line in log.split(separator: "\n") {
      // "… Compiling entry function 'NAME' for …", "    0 bytes stack frame, …", "… Used 168 registers, …"
      let words = line.split(separator: " ").map(String.init)
      if line.contains("Compiling entry function"), let quoted = words.first(where: { $0.hasPrefix("'") }) {
        name = quoted.filter { $0 != "'" }
      }
      if let at = words.firstIndex(of: "stack"), at > 1 { stacks[name] = Int(words[at - 2]) }
      if let at = words.firstIndex(of: "Used"), at + 1 < words.count { registers[name] = Int(words[at + 1]) }
    }
    var lines: [String: [Line]] = [:]
    for line in listing.split(separator: "\n") {
      if line.hasPrefix(".text."), line.hasSuffix(":") {
        name = String(line.dropFirst(6).dropLast())
      } else if line.hasPrefix("."), line.hasSuffix(":") {
        lines[name, default: []].append(.label(String(line.dropLast())))
      } else if let instruction = instruction(line) {
        lines[name, default: []].append(instruction)
      }
    }
    return try registers.map { name, registers in
      guard let stack = stacks[name], let lines = lines[name] else {
        throw GPUCompilers.Failure(description: "the assembler says nothing of \(name)")
      }
      return NVIDIAKernel(name: name, registers: registers, stack: stack, lines: lines)
    }
  }

  /// `        /*0150*/     @!P0 BRA `(.L_x_0) ;`
  private static func instruction(_ line: Substring) -> Line? {
    guard line.drop(while: { $0 == " " }).hasPrefix("/*"), let end = line.firstRange(of: "*/") else { return nil }
    var words = line[end.upperBound...].split(separator: " ").drop { $0.hasPrefix("@") }
    guard let name = words.popFirst() else { return nil }
    let target = line.firstRange(of: "`(").map { line[$0.upperBound...].prefix { $0 != ")" } }
    return .instruction(name: String(name), target: target.map(String.init))
  }

  /// The names of the instructions in order.
  var instructions: [String] {
    lines.compactMap { line in
      if case .instruction(let name, _) = line { name } else { nil }
    }
  }

  /// The number of memory reads before the first write.
  var readsAhead: Int { instructions.prefix { !$0.hasPrefix("STG") }.count { $0.hasPrefix("LDG") } }

  /// The bodies of loops: the code from a label to a jump back to it.
  var loops: [[String]] {
    var places: [String: Int] = [:]
    var loops: [[String]] = []
    var names: [String] = []
    for line in lines {
      switch line {
      case .label(let label): places[label] = names.count
      case .instruction(let name, let target):
        names.append(name)
        if name == "BRA", let target, let start = places[target] { loops.append(Array(names[start...])) }
      }
    }
    return loops
  }

  /// The fraction of multiply-adds among the instructions of the loop that reads memory and has the largest fraction,
  /// optionally only among loops with vector reads.
  func multiplyAddShare(readingVectors: Bool) -> Double {
    let shares = loops.compactMap { loop -> Double? in
      let reads = loop.filter { $0.hasPrefix("LDG") }
      guard !reads.isEmpty, !readingVectors || reads.allSatisfy({ $0.hasSuffix(".128") }) else { return nil }
      return Double(loop.count { $0.hasPrefix("FFMA") }) / Double(loop.count)
    }
    return shares.max() ?? 0
  }
}
#endif
