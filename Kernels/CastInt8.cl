// Conversions from and to int8.

CAST_SHORT(int8, -128, 127)
