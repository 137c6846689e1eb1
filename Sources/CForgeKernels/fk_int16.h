// What every table shares of the convolutions in 16-bit integers: which geometries there are, and how numbers become integers.
//
// Winograd F(4x4,3x3), or F(4x4,2x2) for the phases of a transposed convolution of stride 2, over 4 x 4 tiles of outputs (Lavin and
// Gray, 2016). Numbers become integers by scales of their own for each position and chunk of input channels: the transformed pixels v of
// a tile by one that brings their Euclidean norm over the chunk's channels to FK_INT16_INPUT_NORM, the transformed weights u of an output
// channel by one that brings theirs to FK_INT16_WEIGHT_NORM at most. The product of the two norms is below 2^31, so by Cauchy and Schwarz
// no sum of products, nor any part of one, can overflow, whatever the data, and the sums are exact: every table that fuses multiply-adds
// computes the same integers, and the float steps around them run in one order with the same roundings, so that these tables give the
// same bytes. A bound by the norms leaves each integer 2 to 3 bits more than one by the largest magnitude times sum |u| does.
#ifndef FK_INT16_H
#define FK_INT16_H

#include "fk_internal.h"

enum {
  fk_int16_chunk = 128,     // input channels whose products are summed as integers; the sums of chunks are added in float
  fk_int16_least = 8,       // fewer channels on either side are left to float
  fk_int16_positions = 36,  // of the larger tile
};

/// Norms over a chunk before the rounding to integers. Rounding adds at most sqrt(128) / 2 = 5.66 to a norm, and the float sums of squares
/// are within 1e-5 of the exact ones: 32758 * 65542 < 2^31, and no integer of the pixels passes 32758.
#define FK_INT16_INPUT_NORM 32752.0f
#define FK_INT16_WEIGHT_NORM 65536.0f
#define FK_INT16_TOP 32767.0f
/// 1.5 * 2^23: adding it rounds to the nearest integer, ties to even, and leaves that integer in the low 16 bits.
#define FK_INT16_ROUND 12582912.0f

typedef struct fk_int16_plan {
  int32_t taps, edge, positions;      // along one axis: taps of one phase, rows of a transformed tile; positions = edge * edge
  int32_t stride;                     // of the outputs of one phase; there are stride * stride phases
  int32_t transposed;                 // data gradient: weights are read [r, s, width, depth]
  int64_t depth, width;               // channels summed over, channels of the output
  int64_t source_rows, source_columns, out_rows, out_columns;
  int64_t end_rows, end_columns;      // of the source: from here on nothing reaches an output
  int64_t tile_rows, tile_columns;    // tiles of one image and phase
  int64_t first_y[2], first_x[2];     // source row of a phase's tile 0
  int32_t tap_y[2], tap_x[2];         // kernel row of a phase's last tap in source order; earlier taps are `stride` further on
} fk_int16_plan;

FK_INLINE void fk_int16_axis(int32_t transposed, int32_t taps, int32_t stride, int32_t pad, int64_t *first, int32_t *tap) {
  for (int32_t phase = 0; phase < stride; phase++) {
    int32_t rest = ((phase + pad) % stride + stride) % stride;
    tap[phase] = rest;
    first[phase] = transposed ? (phase + pad - rest) / stride - (taps - 1) : -pad;
  }
}

/// 0: this arithmetic has no kernel for the geometry. Depends on c, k, r, s, strides, dilations and groups alone.
FK_INLINE int fk_int16_plan_make(const fk_conv_geometry *g, fk_conv_role role, fk_int16_plan *p) {
  if (fk_conv_geometry_is_bad(g) || role == FK_CONV_WEIGHT_GRADIENT) return 0;
  if (g->groups != 1 || g->dilation_h != 1 || g->dilation_w != 1 || g->c < fk_int16_least || g->k < fk_int16_least) return 0;
  int transposed = role == FK_CONV_DATA_GRADIENT, stride = g->stride_h;
  int same = g->r == 3 && g->s == 3 && stride == 1 && g->stride_w == 1;
  int doubling = transposed && g->r == 4 && g->s == 4 && stride == 2 && g->stride_w == 2;
  if (!same && !doubling) return 0;
  *p = (fk_int16_plan){.taps = same ? 3 : 2, .stride = stride, .transposed = transposed};
  p->edge = p->taps + 3;
  p->positions = p->edge * p->edge;
  p->depth = transposed ? g->k : g->c;
  p->width = transposed ? g->c : g->k;
  p->source_rows = transposed ? g->p : g->h;
  p->source_columns = transposed ? g->q : g->w;
  p->out_rows = transposed ? g->h : g->p;
  p->out_columns = transposed ? g->w : g->q;
  p->end_rows = fk_min64(p->source_rows, transposed ? (g->h - 1 + g->pad_top) / stride + 1 : ((int64_t)g->p - 1) * stride - g->pad_top + g->r);
  p->end_columns =
      fk_min64(p->source_columns, transposed ? (g->w - 1 + g->pad_left) / stride + 1 : ((int64_t)g->q - 1) * stride - g->pad_left + g->s);
  p->tile_rows = fk_ceil_div(p->out_rows, 4 * stride);
  p->tile_columns = fk_ceil_div(p->out_columns, 4 * stride);
  fk_int16_axis(transposed, p->taps, stride, g->pad_top, p->first_y, p->tap_y);
  fk_int16_axis(transposed, p->taps, stride, g->pad_left, p->first_x, p->tap_x);
  return 1;
}

/// Where the weights of tap (y, x) of a phase start, taps counted along the source. `step` separates the depth's channels, `across` the
/// width's.
FK_INLINE const float *fk_int16_tap(const fk_int16_plan *p, int32_t phase, int32_t y, int32_t x, const float *weights) {
  int32_t kernel = p->taps * p->stride, r = y, s = x;
  if (p->transposed) {
    r = p->tap_y[phase / p->stride] + p->stride * (p->taps - 1 - y);
    s = p->tap_x[phase % p->stride] + p->stride * (p->taps - 1 - x);
  }
  return weights + (int64_t)(r * kernel + s) * p->depth * p->width;
}
FK_INLINE int64_t fk_int16_depth_step(const fk_int16_plan *p) { return p->transposed ? 1 : p->width; }
FK_INLINE int64_t fk_int16_width_step(const fk_int16_plan *p) { return p->transposed ? p->depth : 1; }

typedef struct fk_int16_scale {
  float up, down;           // integer = value * up, value = integer * down
} fk_int16_scale;

/// Partial sums that the squares of a chunk's channels go to in turn; the sums are then added halves first.
enum { fk_int16_partial_sums = 16 };
/// Norms below 1e-18 count as that, which keeps the scales in range; of norms from 1.8e19 on the squares are infinite.
#define FK_INT16_LEAST_SQUARE 1e-36f

/// By the sum of squares of a tile's numbers at one position over a chunk. What is not finite makes the products there NaN, as the
/// transform in float does.
FK_INLINE fk_int16_scale fk_int16_input_scale(float squares) {
  if (!(squares < fk_infinity())) return (fk_int16_scale){0, fk_nan()};
  float norm = __builtin_sqrtf(squares > FK_INT16_LEAST_SQUARE ? squares : FK_INT16_LEAST_SQUARE);
  return (fk_int16_scale){FK_INT16_INPUT_NORM / norm, norm / FK_INT16_INPUT_NORM};
}

/// Of the transformed weights of a chunk, by their sum of squares and largest magnitude.
FK_INLINE fk_int16_scale fk_int16_weight_scale(float squares, float most) {
  if (!(squares < fk_infinity())) return (fk_int16_scale){0, fk_nan()};
  float norm = __builtin_sqrtf(squares > FK_INT16_LEAST_SQUARE ? squares : FK_INT16_LEAST_SQUARE);
  float by_norm = FK_INT16_WEIGHT_NORM / norm, by_most = FK_INT16_TOP / most;
  float up = by_norm < by_most ? by_norm : by_most;
  return (fk_int16_scale){up, 1.0f / up};
}

#endif
