import NeuralNetworks

/// Sentences with a class each. Each occurrence of a word is stored as a four-byte number, and its text is stored once,
/// because even a large table has few distinct words.
struct Sentences {
  /// The classes of the sentences.
  private(set) var labels: [Int32] = []
  /// The words of all sentences, by number, in pieces of equal size: a single array would be copied while it grows.
  private var pieces: [[Int32]] = []
  /// The end of each sentence in the list of words.
  private var ends: [Int] = []
  /// The number of each distinct word.
  private var numbers: [ByteKey: Int32] = [:]

  private static let pieceSize = 1 << 16

  var count: Int { labels.count }

  mutating func append(_ sentence: some StringProtocol, label: Int32) {
    var end = ends.last ?? 0
    Vocabulary.forEachWord(of: sentence) { word in
      append(number(of: word), at: end)
      end += 1
    }
    ends.append(end)
    labels.append(label)
  }

  private mutating func number(of word: String) -> Int32 {
    let key = ByteKey(word)
    if let known = numbers[key] { return known }
    let number = Int32(numbers.count)
    numbers[key] = number
    return number
  }

  private mutating func append(_ number: Int32, at place: Int) {
    if place % Sentences.pieceSize == 0 {
      pieces.append([])
      pieces[pieces.count - 1].reserveCapacity(Sentences.pieceSize)
    }
    pieces[pieces.count - 1].append(number)
  }

  /// The words of a sentence, by number.
  func words(of sentence: Int) -> some RandomAccessCollection<Int> {
    let start = sentence == 0 ? 0 : ends[sentence - 1]
    return (start..<ends[sentence]).lazy.map { Int(pieces[$0 / Sentences.pieceSize][$0 % Sentences.pieceSize]) }
  }

  /// The most frequent words of some sentences.
  func vocabulary(of chosen: [Int], limit: Int) -> Vocabulary {
    var counts = [Int](repeating: 0, count: numbers.count)
    for sentence in chosen { for word in words(of: sentence) { counts[word] += 1 } }
    let known = numbers.lazy.map { (key: $0.key, value: counts[Int($0.value)]) }.filter { $0.value > 0 }
    return Vocabulary(counts: Array(known), limit: limit)
  }

  /// The token of each word, by its number.
  func tokens(in vocabulary: Vocabulary) -> [Int32] {
    var tokens = [Int32](repeating: 0, count: numbers.count)
    for (word, number) in numbers { tokens[Int(number)] = Int32(vocabulary.token(word.text)) }
    return tokens
  }
}

// MARK: Tables

extension Sentences {
  /// The maximum size of a line: 64 MiB.
  private static let lineLimit = 1 << 26

  /// Adds the sentences of a table, plain or gzip.
  mutating func append(tsv path: String) throws(DataError) {
    let stream = try DataStream(path)
    var number = 0
    var rest: [UInt8] = []
    while true {
      let piece = try stream.next()
      var start = rest.startIndex
      let known = rest.count
      rest += piece
      // The rest of the previous chunk contains no line break.
      while let end = rest[max(start, known)...].firstIndex(of: 0x0A) ?? (piece.isEmpty ? rest.endIndex : nil) {
        number += 1
        let line = rest[start..<end]
        let text = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
        if !text.isEmpty { try append(line: text, file: path, number: number) }
        start = min(end + 1, rest.endIndex)
        if end == rest.endIndex { return }
      }
      rest.removeFirst(start)
      if rest.count > Sentences.lineLimit {
        throw .malformedLine(
          file: path, line: number + 1, expected: "at most \(Sentences.lineLimit) bytes", found: "more")
      }
    }
  }

  private mutating func append(line: ArraySlice<UInt8>, file: String, number: Int) throws(DataError) {
    guard let tab = line.lastIndex(of: UInt8(ascii: "\t")) else {
      throw .malformedLine(file: file, line: number, expected: "a sentence, a tab and a class", found: "no tab")
    }
    guard let text = String(validating: line, as: UTF8.self), text.isStreamSafe else {
      throw .malformedLine(
        file: file, line: number, expected: "UTF-8 with at most 30 combining marks after one another",
        found: "\"\(String(decoding: line.prefix(40), as: UTF8.self))\"")
    }
    var digits = line[(tab + 1)...].drop { $0 == 0x20 }
    while digits.last == 0x20 { digits.removeLast() }
    guard let label = Int32(String(decoding: digits, as: UTF8.self)), label >= 0 else {
      throw .malformedLine(
        file: file, line: number, expected: "a class of 0, 1, 2 … after the tab",
        found: "\"\(String(decoding: line[(tab + 1)...].prefix(40), as: UTF8.self))\"")
    }
    append(text[..<text.utf8.index(text.startIndex, offsetBy: tab - line.startIndex)], label: label)
  }
}
