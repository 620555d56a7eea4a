import HostSystem

/// Schedules that follow a ramp, and then keep its last rate. Rates must be finite and at least 0, and numbers of steps
/// at least 1; other values end the program.
extension LearningRate where Self == Schedule {
  /// from + (to − from)·step/steps, and then `to` (PyTorch's `LinearLR`, whose rates are factors).
  public static func linear(from start: Double, to end: Double, steps: Int) -> Schedule {
    ramp("linear", start, end, steps) { $0 }
  }

  /// to + (from − to)·(1 − step/steps)^power, and then `to` (Keras' `PolynomialDecay`; PyTorch's `PolynomialLR` ends
  /// at 0). The power is above 0.
  public static func polynomial(from start: Double, to end: Double = 0, steps: Int, power: Double) -> Schedule {
    Checks.positive(power, "power", of: "polynomial")
    return ramp("polynomial", start, end, steps) { 1 - pow(1 - $0, power) }
  }

  /// from/(1 + rate·step/every) (Keras' `InverseTimeDecay`): after every/rate steps, the learning rate is halved.
  public static func inverseTime(from start: Double, rate: Double, every period: Int = 1) -> Schedule {
    Checks.size(start, "from", of: "inverseTime")
    Checks.size(rate, "rate", of: "inverseTime")
    Checks.count(period, "every", of: "inverseTime", atLeast: 1)
    return Schedule("inverse_time") { step in start / (1 + rate * Double(step) / Double(period)) }
  }

  /// A schedule that goes from one rate to another with a share that is a function of step/steps.
  private static func ramp(
    _ name: String, _ start: Double, _ end: Double, _ steps: Int, _ share: @escaping @Sendable (Double) -> Double
  ) -> Schedule {
    Checks.size(start, "from", of: name)
    Checks.size(end, "to", of: name)
    Checks.count(steps, "steps", of: name, atLeast: 1)
    return Schedule(name) { step in
      step >= steps ? end : start + (end - start) * share(Double(step) / Double(steps))
    }
  }
}

/// Schedules whose rates rise and fall. Rates must be finite and at least 0, and numbers of steps at least 1; other
/// values end the program.
extension LearningRate where Self == Schedule {
  /// One cycle (Smith and Topin 2018): along half cosines, the rate rises from peak/divisor to `peak`, then falls to
  /// peak/(divisor·finalDivisor) at step `steps` − 1, and remains there. The defaults match PyTorch's `OneCycleLR`, but
  /// the momentum does not change.
  /// - Parameters:
  ///   - peak: The largest rate.
  ///   - steps: The number of steps of the cycle.
  ///   - risingShare: The fraction of the steps in which the rate rises, from 0 to 1: `peak` is the rate of step
  ///     risingShare·steps − 1. If that is negative, the cycle starts on its way down.
  ///   - divisor: The divisor of the first rate, above 0.
  ///   - finalDivisor: The further divisor of the last rate, above 0.
  public static func oneCycle(
    peak: Double, steps: Int, risingShare: Double = 0.3, divisor: Double = 25, finalDivisor: Double = 1e4
  ) -> Schedule {
    Checks.size(peak, "peak", of: "oneCycle")
    Checks.count(steps, "steps", of: "oneCycle", atLeast: 1)
    if !(0...1).contains(risingShare) {
      ProgrammerError.end("oneCycle: risingShare is \(risingShare), expected a number from 0 to 1")
    }
    Checks.positive(divisor, "divisor", of: "oneCycle")
    Checks.positive(finalDivisor, "finalDivisor", of: "oneCycle")
    let (first, last) = (peak / divisor, peak / divisor / finalDivisor)
    let (top, end) = (risingShare * Double(steps) - 1, Double(steps - 1))
    return Schedule("one_cycle") { step in
      let step = Double(step)
      if step >= end { return end == top ? peak : last }
      if top > 0 && step <= top { return along(first, peak, step / top) }
      return along(peak, last, (step - top) / (end - top))
    }
  }

  /// Cosine decay with warm restarts (Loshchilov and Hutter 2017): a cycle goes from its first rate to `to` as `cosine`
  /// does, and the next one starts again. Cycle i, starting at 0, has steps·stepFactorⁱ steps and the first rate
  /// to + (from − to)·peakFactorⁱ. With the defaults, this is PyTorch's `CosineAnnealingWarmRestarts`; Keras'
  /// `CosineDecayRestarts` has a step factor of 2.
  /// - Parameters:
  ///   - start: The first rate.
  ///   - end: The rate at the end of each cycle.
  ///   - steps: The number of steps of the first cycle.
  ///   - stepFactor: How many times longer each cycle is than the previous one, at least 1 (Keras' `t_mul`).
  ///   - peakFactor: How many times higher each cycle starts than the previous one (Keras' `m_mul`).
  public static func cosineRestarts(
    from start: Double, to end: Double = 0, steps: Int, stepFactor: Double = 1, peakFactor: Double = 1
  ) -> Schedule {
    Checks.size(start, "from", of: "cosineRestarts")
    Checks.size(end, "to", of: "cosineRestarts")
    Checks.count(steps, "steps", of: "cosineRestarts", atLeast: 1)
    if !(stepFactor >= 1 && stepFactor.isFinite) {
      ProgrammerError.end("cosineRestarts: stepFactor is \(stepFactor), expected a finite number of at least 1")
    }
    Checks.size(peakFactor, "peakFactor", of: "cosineRestarts")
    return Schedule("cosine_restarts") { step in
      let past = cycles(endingBy: Double(step), steps: Double(steps), factor: stepFactor)
      let share = (Double(step) - past.steps) / (Double(steps) * pow(stepFactor, past.count))
      return along(end + (start - end) * pow(peakFactor, past.count), end, share)
    }
  }

  /// Returns the number of cycles that have ended by a step, and the sum of their steps.
  ///
  /// The number is doubled until the sum exceeds the step; then the parts are added that fit. In contrast to the closed
  /// form steps·(factorⁿ − 1)/(factor − 1), nothing cancels for factors close to 1, and whole numbers of steps are exact.
  private static func cycles(
    endingBy step: Double, steps: Double, factor: Double
  ) -> (count: Double, steps: Double) {
    var parts: [(count: Double, steps: Double)] = []
    var part = (count: 1.0, steps: steps)
    while part.steps <= step {
      parts.append(part)
      part = (2 * part.count, part.steps * (1 + pow(factor, part.count)))
    }
    var past = (count: 0.0, steps: 0.0)
    for part in parts.reversed() {
      let end = past.steps + part.steps * pow(factor, past.count)
      if end <= step { past = (past.count + part.count, end) }
    }
    return past
  }

  /// Triangles (Smith 2017): in each cycle, the rate rises linearly from `base` to `peak` in `risingSteps` steps, and
  /// falls back in `fallingSteps` steps, as PyTorch's `CyclicLR` does, but the momentum does not change.
  /// - Parameters:
  ///   - base: The smallest rate.
  ///   - peak: The largest rate of the first cycle.
  ///   - risingSteps: The number of steps from `base` to the peak.
  ///   - fallingSteps: The number of steps from the peak to `base`; nil for as many as `risingSteps`.
  ///   - peakFactor: The factor by which each triangle is higher than the previous one: 1 for PyTorch's `triangular`, 0.5
  ///     for `triangular2`.
  public static func cyclic(
    base: Double, peak: Double, risingSteps: Int = 2000, fallingSteps: Int? = nil, peakFactor: Double = 1
  ) -> Schedule {
    let fallingSteps = fallingSteps ?? risingSteps
    Checks.size(base, "base", of: "cyclic")
    Checks.size(peak, "peak", of: "cyclic")
    Checks.count(risingSteps, "risingSteps", of: "cyclic", atLeast: 1)
    Checks.count(fallingSteps, "fallingSteps", of: "cyclic", atLeast: 1)
    Checks.size(peakFactor, "peakFactor", of: "cyclic")
    let (rising, falling) = (Double(risingSteps), Double(fallingSteps))
    return Schedule("cyclic") { step in
      let cycle = (Double(step) / (rising + falling)).rounded(.down)
      let position = Double(step) - cycle * (rising + falling)
      let share = position <= rising ? position / rising : (rising + falling - position) / falling
      return base + (peak - base) * share * pow(peakFactor, cycle)
    }
  }

  /// Returns a rate between two others, on half a cosine.
  private static func along(_ start: Double, _ end: Double, _ share: Double) -> Double {
    end + (start - end) * (1 + cos(Double.pi * share)) / 2
  }
}

extension Schedule {
  /// Returns this schedule for the first steps, and then another one, which starts at its step 0 (PyTorch's
  /// `SequentialLR` with one milestone).
  ///
  /// ```swift
  /// Schedule.linear(from: 1e-5, to: 1e-3, steps: 500).then(.cosine(from: 1e-3, steps: 9500), after: 500)
  /// ```
  /// - Parameters:
  ///   - next: The other schedule.
  ///   - steps: The number of steps of this schedule, at least 0.
  public func then(_ next: Schedule, after steps: Int) -> Schedule {
    Checks.count(steps, "after", of: "then", atLeast: 0)
    return Schedule("\(name), \(next.name)") { [self] step in
      step < steps ? rate(at: step) : next.rate(at: step - steps)
    }
  }

  /// Returns the product of two schedules, of which one has factors instead of rates (PyTorch's `ChainedScheduler`).
  ///
  /// ```swift
  /// Schedule.cosine(from: 1e-3, steps: 10_000) * .step(from: 1, factor: 0.5, every: 2000)
  /// ```
  public static func * (a: Schedule, b: Schedule) -> Schedule {
    Schedule("\(a.name) * \(b.name)") { step in a.rate(at: step) * b.rate(at: step) }
  }
}
