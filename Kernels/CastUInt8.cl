// Conversions from and to uint8, except for types that come after it.

CAST_SHORT(uint8, 0, 255)
CAST(uint8, int8, nn_int8_from_int(x))
CAST(int8, uint8, nn_uint8_from_int(x))
