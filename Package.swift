// swift-tools-version: 6.2
import PackageDescription

/// `BackendOpenCL` is linked only with the trait; each of its files is inside `#if OpenCL`.
let openCL = TargetDependencyCondition.when(traits: ["OpenCL"])

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
  name: "swift-nn",
  products: [
    .library(name: "NeuralNetworks", targets: ["NeuralNetworks", "Datasets", "ModelFormats", "Pictures"]),
    // The module alone: without readers and writers of files, and pictures.
    .library(name: "NeuralNetworksCore", targets: ["NeuralNetworks"]),
    // PNG and JPEG files. It opens libpng and libjpeg-turbo at run time (the packages libpng16-16 and libturbojpeg0).
    .library(name: "ImageFiles", targets: ["ImageFiles"]),
    // Factorizations of matrices. It opens LAPACK at run time (the package liblapack3 or libopenblas0-pthread).
    .library(name: "LinearAlgebra", targets: ["LinearAlgebra"]),
    // Probability distributions.
    .library(name: "Distributions", targets: ["Distributions"]),
    .library(name: "BackendKit", targets: ["BackendCore", "BackendReference", "BackendConformance"]),
    .executable(name: "nn", targets: ["nn"]),
    .executable(name: "nn-bench", targets: ["nn-bench"]),
  ],
  traits: [
    .trait(name: "OpenCL", description: "GPUs and other devices through OpenCL; needs the package ocl-icd-opencl-dev."),
    .default(enabledTraits: ["OpenCL"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0")
  ],
  targets: [
    // Ground floor.
    .target(name: "OpenCLKernels", path: "Kernels", sources: ["embed.c"], publicHeadersPath: "include"),
    .target(name: "COpenCL", cSettings: [.define("NN_OPENCL", .when(traits: ["OpenCL"]))]),
    .target(name: "CPUKernels"),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(name: "CImageLibraries"),
    .target(name: "CPixels"),
    .target(name: "HostSystem"),
    .systemLibrary(name: "CExtendedAttributes"),
    .target(name: "ZlibCompression", dependencies: ["CZlib"]),
    .target(name: "Files", dependencies: ["HostSystem", "CExtendedAttributes"]),
    .target(name: "BackendCore", dependencies: ["HostSystem"]),
    // Backends.
    .target(name: "BackendCPU", dependencies: ["HostSystem", "BackendCore", "CPUKernels"]),
    .target(
      name: "BackendOpenCL", dependencies: ["HostSystem", "BackendCore", "COpenCL", "Files", "OpenCLKernels"],
      cSettings: [.define("NN_OPENCL", .when(traits: ["OpenCL"]))]),
    .target(name: "BackendReference", dependencies: ["HostSystem", "BackendCore"]),
    .target(name: "BackendConformance", dependencies: ["HostSystem", "BackendCore", "BackendReference"]),
    // Tensors and networks.
    .target(
      name: "Tensors",
      dependencies: ["HostSystem", "BackendCore", "BackendCPU", .target(name: "BackendOpenCL", condition: openCL)]),
    .target(name: "CLapack"),
    .target(name: "LinearAlgebra", dependencies: ["HostSystem", "CLapack", "Tensors"]),
    .target(name: "NeuralNetworks", dependencies: ["HostSystem", "Tensors", "BackendCore"]),
    .target(name: "CGlyphs"),
    .target(
      name: "Datasets",
      dependencies: [
        "HostSystem", "ZlibCompression", "NeuralNetworks", "BackendCore", "CPUKernels", "CGlyphs", "Files",
      ]),
    .target(
      name: "ImageFiles",
      dependencies: ["HostSystem", "CImageLibraries", "CPixels", "NeuralNetworks", "Datasets", "Files"]),
    .target(name: "Distributions", dependencies: ["NeuralNetworks"]),
    .target(name: "ModelFormats", dependencies: ["HostSystem", "ZlibCompression", "NeuralNetworks", "Files"]),
    .target(
      name: "Pictures", dependencies: ["HostSystem", "ZlibCompression", "NeuralNetworks", "ModelFormats", "Files"]),
    // Commands.
    .target(name: "Demos", dependencies: ["HostSystem", "NeuralNetworks", "Datasets", "Pictures", "Files"]),
    .target(name: "CArguments"),
    .target(
      name: "CommandSupport",
      dependencies: ["HostSystem", "CArguments", "Files", "ModelFormats", "Tensors", argumentParser]),
    .executableTarget(
      name: "nn",
      dependencies: [
        "HostSystem", "Benchmarking", "CommandSupport", "Demos", "NeuralNetworks", "Datasets", "ModelFormats",
        "ImageFiles", "Pictures", "Files", "ZlibCompression", "BackendCPU",
        .target(name: "BackendOpenCL", condition: openCL), argumentParser,
      ]),
    .target(
      name: "Benchmarking",
      dependencies: [
        "HostSystem", "CommandSupport", "NeuralNetworks", "Datasets", "ImageFiles", "ModelFormats", "BackendCore",
        "BackendCPU",
        .target(name: "BackendOpenCL", condition: openCL), argumentParser,
      ],
      path: "Benchmarks/Benchmarking"),
    .executableTarget(
      name: "nn-bench", dependencies: ["Benchmarking", "CommandSupport"], path: "Benchmarks/nn-bench"),
    // Tests.
    .target(name: "AllocationCounter", path: "Tests/AllocationCounter"),
    .target(
      name: "TestSupport", dependencies: ["HostSystem", "AllocationCounter", "BackendReference", "Files", "Tensors"],
      path: "Tests/TestSupport"),
    .testTarget(
      name: "FilesTests",
      dependencies: ["HostSystem", "CExtendedAttributes", "Files", "ZlibCompression", "TestSupport"]),
    .testTarget(name: "BackendCoreTests", dependencies: ["BackendCore"]),
    .testTarget(
      name: "BackendCPUTests",
      dependencies: ["HostSystem", "BackendCPU", "BackendReference", "BackendConformance", "CPUKernels"]),
    .testTarget(
      name: "BackendOpenCLTests",
      dependencies: [
        "HostSystem", "BackendCore", "BackendReference", "BackendConformance", "NeuralNetworks", "Files", "COpenCL",
        "OpenCLKernels", "TestSupport",
        .target(name: "BackendOpenCL", condition: openCL),
      ]),
    .testTarget(name: "BackendReferenceTests", dependencies: ["HostSystem", "BackendReference", "BackendConformance"]),
    .testTarget(
      name: "TensorsTests",
      dependencies: ["HostSystem", "Tensors", "BackendCPU", "BackendReference", "AllocationCounter", "TestSupport"]),
    .testTarget(
      name: "LinearAlgebraTests",
      dependencies: ["BackendReference", "LinearAlgebra", "NeuralNetworks", "TestSupport"]),
    .testTarget(
      name: "NeuralNetworksTests",
      dependencies: [
        "HostSystem", "NeuralNetworks", "BackendCPU", "BackendReference", "Files", "TestSupport",
        .target(name: "BackendOpenCL", condition: openCL),
      ]),
    .testTarget(
      name: "DatasetsTests",
      dependencies: ["HostSystem", "BackendCore", "Datasets", "Files", "ZlibCompression", "TestSupport"]),
    .testTarget(
      name: "ImageFilesTests",
      dependencies: [
        "HostSystem", "CImageLibraries", "ImageFiles", "Datasets", "Files", "ZlibCompression", "TestSupport",
      ]),
    .testTarget(
      name: "DistributionsTests",
      dependencies: ["HostSystem", "Distributions", "BackendReference", "NeuralNetworks", "TestSupport"]),
    .testTarget(
      name: "ModelFormatsTests",
      dependencies: ["HostSystem", "BackendCore", "BackendCPU", "ModelFormats", "Datasets", "Files", "TestSupport"]),
    .testTarget(
      name: "PicturesTests",
      dependencies: ["Pictures", "ModelFormats", "NeuralNetworks", "Files", "ZlibCompression", "TestSupport"]),
    .testTarget(
      name: "ProgramsTests",
      dependencies: ["HostSystem", "NeuralNetworks", "Datasets", "ModelFormats", "BackendReference", "TestSupport"],
      exclude: ["Vectors"]),
    .target(
      name: "FuzzReaders", dependencies: ["NeuralNetworks", "Datasets", "ImageFiles", "ModelFormats"],
      path: "Tests/Fuzz/Readers"),
    .testTarget(name: "FuzzTests", dependencies: ["FuzzReaders", "Files", "TestSupport"]),
    .testTarget(name: "DemosTests", dependencies: ["Demos", "NeuralNetworks", "Files", "TestSupport"]),
    .testTarget(
      name: "CommandTests",
      dependencies: [
        "HostSystem", "BackendCPU", "Benchmarking", "CommandSupport", "Files", "ModelFormats", "NeuralNetworks",
        "Pictures", "TestSupport", "nn", "nn-bench",
      ]),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .gnu2x
)

// Optimization would take a third of the compilation of the tests (690 s instead of 428 s of processor time), and no time
// off their run, except for BackendCPUTests, which have loops over millions of numbers.
for target in package.targets where target.type == .test && target.name != "BackendCPUTests" {
  target.swiftSettings = [.unsafeFlags(["-Onone"], .when(configuration: .release))]
}

// A build for some of the tests leaves out the other ones: NN_TEST_TARGETS="BackendCPUTests TensorsTests".
if let names = Context.environment["NN_TEST_TARGETS"]?.split(separator: " ").map(String.init) {
  package.targets.removeAll { $0.type == .test && !names.contains($0.name) }
}
