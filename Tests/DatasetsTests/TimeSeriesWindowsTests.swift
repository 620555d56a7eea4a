import NeuralNetworks
import Testing

@testable import Datasets

@Suite struct TimeSeriesWindowsTests {
  private func whole(_ data: some Dataset) throws -> (inputs: [Int], targets: [Int]) {
    let batch = try data.batch(at: Array(0..<data.count))
    return (try batch.input.scalars(as: Int.self), try batch.target.scalars(as: Int.self))
  }

  /// The example in the documentation of Keras' `timeseries_dataset_from_array`.
  @Test func windowsAreThoseOfKeras() throws {
    let series = Tensor(integers: Array(0..<99))
    let windows = TimeSeriesWindows(series, length: 10, stride: 3, samplingRate: 2, horizon: 0)
    let (inputs, targets) = try whole(windows)
    #expect(windows.count == 27 && Array(inputs.prefix(10)) == [0, 2, 4, 6, 8, 10, 12, 14, 16, 18])
    #expect(Array(inputs[10..<20]) == [3, 5, 7, 9, 11, 13, 15, 17, 19, 21])
    #expect(Array(inputs.suffix(10)) == [78, 80, 82, 84, 86, 88, 90, 92, 94, 96])
    #expect(targets == (0..<27).map { 3 * $0 + 18 })
  }

  /// Each setting, against the definition.
  @Test func positionsFollowTheDefinition() throws {
    let total = 14
    let series = Tensor(integers: Array(0..<total))
    for length in 1...4 {
      for stride in 1...3 {
        for rate in 1...3 {
          for horizon in -(length - 1) * rate...4 {
            for times in [0..<total, 3..<12, 5..<5] {
              let windows = TimeSeriesWindows(
                series, length: length, stride: stride, samplingRate: rate, horizon: horizon, times: times)
              var (inputs, targets) = ([Int](), [Int]())
              for start in Swift.stride(from: times.lowerBound, to: total, by: stride) {
                let steps = (0..<length).map { start + $0 * rate }, target = steps[length - 1] + horizon
                guard (steps + [target]).allSatisfy({ times.contains($0) }) else { break }
                inputs += steps
                targets.append(target)
              }
              #expect(windows.count == targets.count)
              let found = try whole(windows)
              #expect(found.inputs == inputs && found.targets == targets)
            }
          }
        }
      }
    }
  }

  @Test func featuresAndOtherTargets() throws {
    let series = Tensor((0..<12).map { Float($0) }, shape: [6, 2])
    let targets = Tensor((0..<6).map { Float(10 * $0) }, shape: [6, 1])
    let windows = TimeSeriesWindows(series, targets: targets, length: 3, horizon: 2)
    let batch = try windows.batch(at: [1, 0])
    #expect(batch.input.shape == [2, 3, 2] && batch.target.shape == [2, 1] && windows.count == 2)
    #expect(try batch.input.scalars() == [2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5])
    #expect(try batch.target.scalars() == [50, 40])
    #expect(throws: TrainingError.noSuchExample(index: 2, count: 2)) { try windows.batch(at: [2]) }
  }

  @Test func partsHaveNoCommonTimes() throws {
    let windows = TimeSeriesWindows(Tensor(integers: Array(0..<50)), length: 4, samplingRate: 2, horizon: 3)
    let (past, future) = windows.splitByTime(0.6)
    let (a, b) = (try whole(past), try whole(future))
    #expect((a.inputs + a.targets).max() == 29 && (b.inputs + b.targets).min() == 30)
    #expect(past.count == 30 - 9 && future.count == 20 - 9)
    #expect(windows.splitByTime(0).0.count == 0 && windows.splitByTime(1).0.count == windows.count)
  }

  @Test func longWindowsDoNotExist() throws {
    let series = Tensor(integers: [1, 2, 3])
    #expect(TimeSeriesWindows(series, length: .max, stride: .max, samplingRate: .max, horizon: .max).count == 0)
    #expect(TimeSeriesWindows(series, length: 2, horizon: .max).count == 0)
    let none = TimeSeriesWindows(.zeros([0, 2]), length: 1)
    #expect(try none.count == 0 && none.batch(at: []).input.shape == [0, 1, 2])
  }

  /// A sine wave follows x[t + 1] = 2 cos(ω) x[t] − x[t − 1], which a linear layer finds.
  @Test func aModelPredictsAWave() throws {
    let wave = Tensor((0..<400).map { Float($0) * 0.3 }).sin()
    let (past, future) = TimeSeriesWindows(wave, length: 2).splitByTime(0.75)
    let model = Sequential { Dense(1) }
    model.compile(optimizer: .adam(learningRate: 0.05), loss: .meanSquaredError)
    try model.fit(
      past.map { Batch(input: $0.input, target: $0.target.expanded(axis: 1)) }, epochs: 60, seed: 1, verbosity: .silent)
    let loss = try model.evaluate(future.map { Batch(input: $0.input, target: $0.target.expanded(axis: 1)) })["loss"]
    #expect(try #require(loss) < 1e-4)
    #expect(try (model.parameters.flatMap { try $0.parameter.value.scalars() }).count == 3)
  }
}
