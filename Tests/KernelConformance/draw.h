// Random geometries and their data. One seed gives one sequence on every machine.
#ifndef DRAW_H
#define DRAW_H

#include <stdint.h>

#include "../../Sources/CForgeKernels/fk_internal.h"

/// Starts the sequence of one round.
void draw_begin(uint64_t seed, int64_t round);
uint32_t roll(void);
int32_t between(int32_t low, int32_t high);

/// Memory that lives until the round ends. `draw_floats` fills it with values in [-1, 1].
void *draw_bytes(size_t bytes);
float *draw_floats(int64_t count);
void draw_end(void);
/// What is drawn after `draw_mark` goes with `draw_release`.
size_t draw_mark(void);
void draw_release(size_t mark);

/// What a convolution's geometry is like; each kind has a kernel of its own in one table or another.
typedef enum kind {
  KIND_3X3, KIND_3X3_STRIDE_2, KIND_4X4_STRIDE_2, KIND_9X9_NARROW, KIND_FEW_CHANNELS, KIND_1X1, KIND_DEPTHWISE, KIND_GROUPED, KIND_ANY,
  KIND_COUNT,
} kind;

extern const char *const kind_names[KIND_COUNT];

/// A geometry of at most about `most` multiplications.
kind draw_convolution(fk_conv_geometry *g, double most);
fk_gemm_geometry draw_product(void);
/// Channels 1...130, up to 40 rows per image, all three layouts of gamma.
fk_norm_geometry draw_norm(void);
/// Row-major extents of rank 0...4; returns the number of elements.
int64_t draw_walk(fk_walk *w);
/// Repeats an operand along random axes and closes the gaps; returns the elements that remain.
int64_t draw_repeats(const fk_walk *w, int64_t *stride);

#endif
