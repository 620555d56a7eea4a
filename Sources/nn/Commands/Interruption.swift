import HostSystem
import Files
import NeuralNetworks
import Synchronization

/// Handles Ctrl-C (SIGINT), `kill` (SIGTERM), and a closing terminal (SIGHUP) during training. The first signal
/// requests a stop after the current step; the second one ends the process at once. A signal ignored at the start of
/// the process, as with `nohup`, stays ignored. Only `nn` handles signals; a program that uses the library can handle
/// them itself.
enum Interruption {
  /// Whether a signal has been received.
  static var isAsked: Bool { isAskedToEnd.load(ordering: .relaxed) }

  /// Runs `body`, during which signals request a stop.
  static func watched<Value>(_ body: () throws -> Value) rethrows -> Value {
    isAskedToEnd.store(false, ordering: .relaxed)
    let watched = [SIGINT, SIGTERM, SIGHUP].filter { !isIgnored($0) }
    for number in watched {
      signal(number) { number in
        isAskedToEnd.store(true, ordering: .relaxed)
        signal(number, SIG_DFL)
      }
    }
    defer {
      for number in watched { signal(number, SIG_DFL) }
      isAskedToEnd.store(false, ordering: .relaxed)
    }
    return try body()
  }

  private static func isIgnored(_ number: Int32) -> Bool {
    var action = sigaction()
    guard sigaction(number, nil, &action) == 0 else { return false }
    #if canImport(Glibc)
    let handler = action.__sigaction_handler.sa_handler
    #else
    let handler = action.__sa_handler.sa_handler
    #endif
    return unsafeBitCast(handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
  }
}

/// Stops training after the step during which a signal was received.
final class StopOnInterruption: Callback {
  static let reason = "interrupted"

  func stepEnded(_ step: Int, _ run: TrainingRun) { stopIfAsked(run) }
  func epochEnded(_ epoch: EpochRecord, _ run: TrainingRun) { stopIfAsked(run) }

  private func stopIfAsked(_ run: TrainingRun) {
    if Interruption.isAsked { run.stop(reason: Self.reason) }
  }
}
