/// The examples drawn as points of a picture: if there are many, some at equal distances. A million points take a
/// hundred megabytes of SVG, which no browser opens, and cover one another.
/// no browser opens, and cover one another.
enum DrawnExamples {
  static let most = 10_000

  /// The positions of the drawn examples among `count` examples.
  static func places(of count: Int) -> [Int] {
    let shown = min(count, most)
    return (0..<shown).map { $0 * count / shown }
  }

  /// A note for the title of a picture: ", 10000 of 250000 examples"; empty if all are drawn.
  static func note(of count: Int) -> String { count > most ? ", \(most) of \(count) examples" : "" }
}
