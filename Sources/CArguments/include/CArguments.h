/// The command-line arguments as passed to the process by the C library. Swift reads them from `/proc`, which a minimal
/// container does not have.
#pragma once

/// The arguments, terminated by a null pointer; null if the C library does not provide them.
char *_Nullable *_Nullable nn_arguments(void);
