import Synchronization

/// A one-time line of advice in a program whose copy of this package was built without optimization.
final class BuildNotice: Sendable {
  /// The notice of `fit`. In a debug build, SwiftPM also compiles the dependencies of a program without optimization.
  static let shared = BuildNotice(isDebugBuild: _isDebugAssertConfiguration())
  static let text = "Note: this is a debug build, which trains several times slower. Use \"swift run -c release\".\n"

  private let isDue: Atomic<Bool>

  init(isDebugBuild: Bool) { isDue = Atomic(isDebugBuild) }

  /// Writes the line, unless it was written before or output is silent.
  func show(on sink: any ProgressSink, _ verbosity: Verbosity) {
    if verbosity != .silent, isDue.exchange(false, ordering: .relaxed) { sink.write(BuildNotice.text) }
  }
}
