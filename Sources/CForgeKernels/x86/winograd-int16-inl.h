// Winograd convolutions of 16-bit integers, for inference. fk_int16.h has the arithmetic.
//
// A block of tiles is transformed and rounded to pairs of integers, each position is multiplied with its packed weights (one panel of
// columns at a time, so that the products of a block stay in L2), and the panel's products are transformed back into the output.
#include "../fk_int16.h"

#define INT16_NUMBER vf
#define INT16_FMA vf_fma
#define INT16_SPLAT vf_splat
#include "../fk_int16_transform.h"

enum {
  int16_rows = 6,                           // tiles that one call of a product kernel takes
  int16_vectors = FK_LANES == 16 ? 4 : 2,   // vectors of columns in a panel
  int16_panel = int16_vectors * FK_LANES,
  int16_group = 2 * FK_LANES,               // channels whose halves are paired: channel i with channel FK_LANES + i
  int16_parts = fk_int16_partial_sums / FK_LANES,
  int16_square_vectors = (fk_int16_positions + FK_LANES - 1) / FK_LANES * FK_LANES,
  int16_most_tiles = 24,                    // of a block
};

typedef int32_t vi __attribute__((ext_vector_type(FK_LANES)));
typedef int32_t vi_unaligned __attribute__((ext_vector_type(FK_LANES), aligned(4), may_alias));

FK_INLINE vi vi_bits(vf x) {
  union { vf f; vi i; } c = {.f = x};
  return c.i;
}
/// The integers that two numbers rounded by FK_INT16_ROUND hold, first and second of a pair.
FK_INLINE vi int16_pair(vf first, vf second) { return (vi_bits(first) & 0xffff) | (vi_bits(second) << 16); }

/// Channels of the depth, padded to whole groups.
FK_INLINE int64_t int16_padded(int64_t depth) { return fk_ceil_div(depth, int16_group) * int16_group; }

#include "int16-prepare-inl.h"
#include "int16-transform-inl.h"
#include "int16-product-inl.h"
#include "int16-run-inl.h"
