// BackendReferenceTests
