// BackendCoreTests
