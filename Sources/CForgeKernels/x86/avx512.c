// AVX-512 (F, BW, DQ, VL): 32 registers hold a tile of 14 x 32 sums.
#if defined(__x86_64__)
#include <immintrin.h>
#include <stdatomic.h>

#include "../fk_philox.h"
#include "../fk_prepared.h"
#include "../fk_steps.h"
#include "../scalar/scalar.h"

#define FK_LANES 16
#define FK_TARGET "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"
#define FK_TILE_ROWS 14
#define FK_TABLE fk_avx512
#define FK_TABLE_NAME "avx512"
#define FK_PEAK_BURST fk_avx512_peak_burst

#pragma clang attribute push(__attribute__((target(FK_TARGET))), apply_to = function)
#include "bodies-inl.h"
#pragma clang attribute pop

#include "table-inl.h"
#endif
