import BackendConformance
import BackendCore
import BackendCPU
import Testing

/// Compares the backend with the executable specification, for each instruction set and thread count.
@Suite struct ConformanceTests {
  @Test(arguments: ConformanceFamily.allCases, InstructionSet.available)
  func agreesWithReference(family: ConformanceFamily, instructionSet: InstructionSet) throws {
    let backend = CPUBackend(instructionSet: instructionSet, threads: 2)
    let failures = conformanceFailures(of: backend, filter: [family])
    #expect(failures.isEmpty, "\(failures.prefix(8).map(\.description).joined(separator: "\n"))")
  }

  @Test(arguments: ConformanceFamily.computing, [DType.float16, .bfloat16])
  func agreesInHalfPrecision(family: ConformanceFamily, dtype: DType) throws {
    let failures = conformanceFailures(of: CPUBackend(threads: 2), filter: [family], computingIn: dtype)
    #expect(failures.isEmpty, "\(failures.prefix(8).map(\.description).joined(separator: "\n"))")
  }

  @Test(arguments: ConformanceFamily.computing)
  func agreesInDoublePrecision(family: ConformanceFamily) throws {
    let failures = conformanceFailures(of: CPUBackend(threads: 2), filter: [family], computingIn: .float64)
    #expect(failures.isEmpty, "\(failures.prefix(8).map(\.description).joined(separator: "\n"))")
  }

  @Test(
    arguments: [ConformanceFamily.elementwise, .copies, .reduction, .indexing], [DType.int8, .uint8, .int16])
  func agreesOnShortIntegers(family: ConformanceFamily, dtype: DType) throws {
    let failures = conformanceFailures(of: CPUBackend(threads: 2), filter: [family], computingIn: dtype)
    #expect(failures.isEmpty, "\(failures.prefix(8).map(\.description).joined(separator: "\n"))")
  }

  @Test func elementTypesAreThoseOfTheTable() {
    #expect(elementTypeFailures(of: CPUBackend(threads: 1)).isEmpty)
    #expect(elementTypeFailures(of: WidenedArithmetic(CPUBackend(threads: 1))).isEmpty)
  }
}
