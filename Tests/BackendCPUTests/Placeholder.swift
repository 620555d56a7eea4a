// BackendCPUTests
