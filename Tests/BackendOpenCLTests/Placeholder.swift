// BackendOpenCLTests
