import NeuralNetworks
import Testing

@Suite struct PredictorTests {
  private func trained(on device: Device) throws -> sending Sequential {
    let model = Corners.compiled(on: device)
    try model.fit(Corners.data(), epochs: 3, verbosity: .silent)
    return model
  }

  @Test(arguments: TestDevices.real) func manyTasks(_ device: Device) async throws {
    let data = Corners.data(24)
    let expected = try trained(on: device).predict(data.inputs, batchSize: 24).scalars()
    let predictor = Predictor(try trained(on: device))
    let rows = try await withThrowingTaskGroup(of: Int.self) { group in
      for worker in 0..<8 {
        group.addTask {
          for round in 0..<20 {
            let row = (worker + round) % 24
            let found = try predictor.predict(data.inputs[row..<(row + 1)])
            try expectClose(found, expected[(3 * row)..<(3 * row + 3)].map(Double.init))
          }
          return 20
        }
      }
      return try await group.reduce(0, +)
    }
    #expect(rows == 160)
  }

  @Test func unbuiltModels() async throws {
    let predictor = Predictor(Sequential { Dense(4) })
    let shapes = try await withThrowingTaskGroup(of: [Int].self) { group in
      for _ in 0..<4 { group.addTask { try predictor.predict(.ones([5, 7])).shape } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(shapes == [[Int]](repeating: [5, 4], count: 4))
    #expect(throws: ModelError.self) { try predictor.predict(.ones([5, 8])) }
    #expect(throws: TrainingError.emptyData("prediction")) { try predictor.predict(.ones([0, 7])) }
  }
}
