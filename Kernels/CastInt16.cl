// Conversions from and to int16, except for types that come after it.

CAST_SHORT(int16, -32768, 32767)
CAST(int16, int8, nn_int8_from_int(x))
CAST(int16, uint8, nn_uint8_from_int(x))
CAST(int8, int16, x)
CAST(uint8, int16, x)
