/// Checks of settings that initializers take. A setting that cannot work ends the program with its name, its value and what is
/// expected.
extension Checks {
  /// A count of at least `least`.
  static func count(_ value: Int, _ name: String, of owner: String, atLeast least: Int) {
    if value < least { ProgrammerError.end("\(owner): \(name) is \(value), expected at least \(least)") }
  }

  /// A finite number of at least 0.
  static func size(_ value: Double, _ name: String, of owner: String) {
    if !(value >= 0 && value.isFinite) {
      let kind = value.isFinite ? "number" : "finite number"
      ProgrammerError.end("\(owner): \(name) is \(value), expected a \(kind) of at least 0")
    }
  }

  /// A finite number.
  static func number(_ value: Double, _ name: String, of owner: String) {
    if !value.isFinite { ProgrammerError.end("\(owner): \(name) is \(value), expected a finite number") }
  }
}
