import NeuralNetworks
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Ctrl-C (SIGINT) and `kill` (SIGTERM) while a model is trained: the first signal asks for an end after the step, a second
/// one ends the process at once. Only `nn` handles signals; a program that uses the library has them to itself.
enum Interruption {
  private static let received = Atomic<Int32>(0)

  /// True once a signal has come.
  static var isAsked: Bool { received.load(ordering: .relaxed) != 0 }

  /// Lets signals ask for an end from now on.
  static func begin() {
    received.store(0, ordering: .relaxed)
    for number in [SIGINT, SIGTERM] {
      signal(number) { number in
        Interruption.received.store(number, ordering: .relaxed)
        signal(number, SIG_DFL)
      }
    }
  }

  /// Gives signals back to the system.
  static func end() {
    for number in [SIGINT, SIGTERM] { signal(number, SIG_DFL) }
  }
}

/// Ends training after the step in which a signal came.
final class StopOnInterruption: Callback {
  static let reason = "interrupted"

  func stepEnded(_ step: Int, _ run: TrainingRun) { stopIfAsked(run) }
  func epochEnded(_ epoch: EpochRecord, _ run: TrainingRun) { stopIfAsked(run) }

  private func stopIfAsked(_ run: TrainingRun) {
    if Interruption.isAsked { run.stop(reason: Self.reason) }
  }
}
