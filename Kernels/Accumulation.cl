// The parts of loops that combine many numbers, one after another. Sums of floats carry along the rounding error of the last
// addition: NEXT adds it to the next number, LOST is the new one (see Common.cl), and RESULT adds it to the value. No other
// operation has one.
#define NN_WITH_REST(x, rest) ((x) + (rest))
#define NN_ALONE(x, rest) (x)
