// AVX2 with FMA: 16 registers hold a tile of 6 x 16 sums.
#if defined(__x86_64__)
#include <immintrin.h>
#include <stdatomic.h>

#include "../fk_philox.h"
#include "../fk_prepared.h"
#include "../fk_steps.h"
#include "../scalar/scalar.h"

#define FK_LANES 8
#define FK_TARGET "avx2,fma"
#define FK_TILE_ROWS 6
#define FK_TABLE fk_avx2
#define FK_TABLE_NAME "avx2"
#define FK_PEAK_BURST fk_avx2_peak_burst

#pragma clang attribute push(__attribute__((target(FK_TARGET))), apply_to = function)
#include "bodies-inl.h"
#pragma clang attribute pop

#include "table-inl.h"
#endif
