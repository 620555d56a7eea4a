/// The examples that are points of a picture: of many, some at equal distances. A million points take a hundred megabytes of SVG, which
/// no browser opens, and cover one another.
enum DrawnExamples {
  static let most = 10_000

  /// Their places among `count` examples.
  static func places(of count: Int) -> [Int] {
    let shown = min(count, most)
    return (0..<shown).map { $0 * count / shown }
  }

  /// For the title of a picture: ", 10000 of 250000 examples"; empty where all are drawn.
  static func note(of count: Int) -> String { count > most ? ", \(most) of \(count) examples" : "" }
}
