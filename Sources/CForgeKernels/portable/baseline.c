// The table `portable`: the same bytes on every instruction set (docs/decisions/0008-portable-kernels.md). Vectors of 8 floats, whatever
// the registers are; products and sums rounded one by one. This copy is for the least of the architecture: SSE2 or NEON.
#include <stdatomic.h>

#include "../fk_philox.h"
#include "../fk_prepared.h"
#include "../fk_steps.h"
#include "../scalar/scalar.h"

#define FK_LANES 8
#define FK_TILE_ROWS 6
#define FK_UNFUSED
#define FK_TABLE fk_portable
#define FK_TABLE_NAME "portable"
#define FK_PEAK_BURST fk_portable_peak_burst

// Vectors wider than the registers are passed between inlined functions alone.
#pragma clang diagnostic ignored "-Wpsabi"

#include "../x86/bodies-inl.h"
#include "../x86/table-inl.h"
