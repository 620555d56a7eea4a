import BackendConformance
import BackendReference
import Testing

@Suite struct ConformanceTests {
  @Test(arguments: ConformanceFamily.allCases)
  func referenceConformsToItself(_ family: ConformanceFamily) {
    let failures = conformanceFailures(of: ReferenceBackend(), seed: 7, filter: [family])
    #expect(failures.isEmpty, "\(failures.prefix(20).map(\.description).joined(separator: "\n"))")
  }
}
