// NEON (every aarch64 CPU has it): a vector of 8 floats is two registers, so 32 of them hold AVX2's tile of 6 x 16 sums, with 10 loads
// for 24 multiply-adds, and whatever suits the 16 registers of AVX2 suits these.
#if defined(__aarch64__)
#include <stdatomic.h>

#include "../fk_philox.h"
#include "../fk_prepared.h"
#include "../fk_steps.h"
#include "../scalar/scalar.h"

#define FK_LANES 8
#define FK_TILE_ROWS 6
#define FK_TABLE fk_neon
#define FK_TABLE_NAME "neon"
#define FK_PEAK_BURST fk_neon_peak_burst

#include "../x86/bodies-inl.h"
#include "../x86/table-inl.h"
#endif
