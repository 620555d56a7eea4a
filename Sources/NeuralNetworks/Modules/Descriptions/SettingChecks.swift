/// Checks for the arguments of initializers. An invalid setting ends the program with its name, its value, and the
/// expected values.
extension Checks {
  /// Requires a count of at least `least`.
  static func count(_ value: Int, _ name: String, of owner: String, atLeast least: Int) {
    if value < least { ProgrammerError.end("\(owner): \(name) is \(value), expected at least \(least)") }
  }

  /// Requires a finite number of at least 0.
  static func size(_ value: Double, _ name: String, of owner: String) {
    if !(value >= 0 && value.isFinite) {
      let kind = value.isFinite ? "number" : "finite number"
      ProgrammerError.end("\(owner): \(name) is \(value), expected a \(kind) of at least 0")
    }
  }

  /// Requires a finite number.
  static func number(_ value: Double, _ name: String, of owner: String) {
    if !value.isFinite { ProgrammerError.end("\(owner): \(name) is \(value), expected a finite number") }
  }
}
