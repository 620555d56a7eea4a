// ProgramsTests
