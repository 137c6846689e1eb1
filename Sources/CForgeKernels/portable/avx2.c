// The table `portable` for CPUs with AVX2: instruction for instruction what baseline.c says, in wider registers.
#if defined(__x86_64__)
#include <immintrin.h>
#include <stdatomic.h>

#include "../fk_philox.h"
#include "../fk_prepared.h"
#include "../fk_steps.h"
#include "../scalar/scalar.h"

#define FK_TARGET "avx2"
#define FK_LANES 8
#define FK_TILE_ROWS 6
#define FK_UNFUSED
#define FK_TABLE fk_portable_avx2
#define FK_TABLE_NAME "portable"
#define FK_PEAK_BURST fk_portable_avx2_peak_burst

#pragma clang attribute push(__attribute__((target(FK_TARGET))), apply_to = function)
#include "../x86/bodies-inl.h"
#pragma clang attribute pop

#include "../x86/table-inl.h"
#endif
