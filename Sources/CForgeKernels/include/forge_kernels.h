// The contract between ForgeTensor and every numeric inner loop.
//
// One function table (`fk_table`) per instruction set: scalar (the oracle), avx2, avx512, neon; and one, portable, that gives the same
// bytes on all of them. A slot takes geometry structs,
// pointers and a workspace whose size a twin slot tells; it allocates nothing, keeps no state and returns a status. All data is
// float32, dense, row-major; images are NHWC. No pointer needs alignment. Unless a slot says otherwise, outputs must not overlap inputs.
//
// Determinism: FP contraction is off, fma only by name; no libm but sqrtf/fabsf (exp, log, tanh, sin, cos are in fk_math.h); the
// algorithm depends on geometry without N (weight gradients, sums over N, may look at it) and never on the thread count; a reduction is cut into at most FK_MAX_BLOCKS fixed
// blocks that are added in order. So one table gives the same bytes for any number of threads and any split of the batch.
#ifndef FORGE_KERNELS_H
#define FORGE_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FK_MAX_RANK 8
#define FK_MAX_BLOCKS 8

typedef enum fk_status {
  FK_OK = 0,
  FK_UNSUPPORTED = 1,       // this table has no kernel for the geometry
  FK_WORKSPACE_TOO_SMALL = 2,
  FK_BAD_GEOMETRY = 3,      // extents that contradict each other
  FK_OUT_OF_MEMORY = 4,
} fk_status;

// ---------------------------------------------------------------- convolution
// T(x, w, g) = sum g[n,p,q,k] * x[n, p*stride - pad + r*dilation, ..., c] * w[r,s,c,k]: one trilinear form, three contractions.
// x [n,h,w,c], weights [r,s,c/groups,k], g = output [n,p,q,k]. k % groups == 0 and c % groups == 0.
typedef struct fk_conv_geometry {
  int32_t n, h, w, c;
  int32_t k, r, s;
  int32_t p, q;                       // output rows, columns (may be smaller than the input allows: the rest is not touched)
  int32_t stride_h, stride_w;
  int32_t pad_top, pad_left;          // zero padding; bottom and right follow from p, q
  int32_t dilation_h, dilation_w;
  int32_t groups;
} fk_conv_geometry;

typedef enum fk_conv_role {
  FK_CONV_FORWARD = 0,          // a = x,  b = weights, out = y [n,p,q,k]
  FK_CONV_DATA_GRADIENT = 1,    // a = g,  b = weights, out = dx [n,h,w,c]
  FK_CONV_WEIGHT_GRADIENT = 2,  // a = x,  b = g,       out = dw [r,s,c/groups,k]
} fk_conv_role;

typedef enum fk_activation {
  FK_ACT_NONE = 0,
  FK_ACT_LEAKY_RELU = 1,        // x > 0 ? x : slope * x; slope 0 is ReLU
  FK_ACT_PRELU = 2,             // x > 0 ? x : slopes[channel] * x
  FK_ACT_TANH = 3,
} fk_activation;

// Applied to each output pixel in the order bias, residual, activation. NULL or zero fields do nothing. Forward and data-gradient
// roles only; `bias` and `slopes` have one value per output channel, `residual` has the output's shape and may be the output.
typedef struct fk_epilogue {
  const float *bias;
  const float *residual;
  fk_activation activation;
  float slope;
  const float *slopes;
  // Pixel shuffle (Shi et al. 2016) by a factor f > 1, prepared forward convolutions only; 0 or 1: none. The k output channels are f * f
  // groups (dy, dx) of k / (f * f) channels; group (dy, dx) of pixel (y, x) is stored as pixel (f * y + dy, f * x + dx) of an output
  // [n, p * f, q * f, k / (f * f)]. `bias` has k values, `slopes` k / (f * f); a residual is not allowed.
  int32_t shuffle;
} fk_epilogue;

// Arithmetic of a prepared convolution. FK_INT16: the products are of 16-bit integers, summed exactly in 32 bits, behind scales that
// cannot overflow; inputs, outputs and epilogues stay float32.
typedef enum fk_precision { FK_FLOAT32 = 0, FK_INT16 = 1 } fk_precision;

// ---------------------------------------------------------------- matrix product
// out[i] = op(a[i]) * op(b[i]) (+ out[i] when accumulate), i in 0..<batch; op transposes when the flag is set.
// op(a) is [m,k], op(b) is [k,n], out is [m,n]. A batch stride of 0 shares one matrix.
typedef struct fk_gemm_geometry {
  int32_t m, n, k;
  int32_t batch;
  int64_t a_batch_stride, b_batch_stride, out_batch_stride;
  int32_t transpose_a, transpose_b;
  int32_t accumulate;
} fk_gemm_geometry;

// ---------------------------------------------------------------- elementwise
typedef enum fk_unary_op {
  FK_NEGATE, FK_EXP, FK_LOG, FK_SQRT, FK_RECIPROCAL, FK_TANH, FK_SIGMOID,
  FK_SOFTPLUS,                  // log(1 + exp(x)), without overflow
  FK_ABS, FK_ERF, FK_SIN, FK_COS,
  FK_SCALE,                     // a * x
  FK_OFFSET,                    // x + a
  FK_POWER,                     // x^a for x > 0 (and exact for integer a in 0...4 of any x)
  FK_CLAMP,                     // min(max(x, a), b)
  FK_POSITIVE_MASK,             // x > 0 ? 1 : a
  FK_INSIDE_MASK,               // a < x < b ? 1 : 0
  FK_SIGN,                      // -1, 0, 1
  FK_LEAKY_RELU,                // x > 0 ? x : a * x
  FK_ROUND,                     // to nearest, ties to even
} fk_unary_op;

typedef enum fk_binary_op { FK_ADD, FK_SUBTRACT, FK_MULTIPLY, FK_DIVIDE, FK_MAXIMUM, FK_MINIMUM,
  FK_GREATER_MASK,              // a > b ? 1 : 0
} fk_binary_op;

// An n-dimensional walk: extents of the output and, per operand, strides in elements (0 repeats a value, negative walks backwards).
// rank 0 is one element.
typedef struct fk_walk {
  int32_t rank;
  int64_t extent[FK_MAX_RANK];
  int64_t out_stride[FK_MAX_RANK];
  int64_t a_stride[FK_MAX_RANK];
  int64_t b_stride[FK_MAX_RANK];
} fk_walk;

// ---------------------------------------------------------------- fused training steps
typedef struct fk_adam {
  float learning_rate, beta1, beta2, epsilon, weight_decay;   // decoupled weight decay (AdamW) when weight_decay != 0
  float l2;                                                   // added to the gradient (classic Adam)
  int64_t step;                                               // 1 at the first call
  float average_decay;                                        // of the parts that have an average
} fk_adam;

// One tensor of an Adam step.
typedef struct fk_adam_part {
  size_t n;
  const float *gradient;
  float *parameter, *moment1, *moment2;
  float *average;               // or NULL; = average_decay * average + (1 - average_decay) * parameter, after its step
} fk_adam_part;

// One tensor that is averaged over the steps.
typedef struct fk_average_part {
  size_t n;
  const float *value;
  float *average;
} fk_average_part;

// Normalization over fixed groups of rows of a [groups * rows, channels] matrix (batch norm: groups 1; instance norm: groups N).
// y = act((x - mean) * inv_std * gamma + beta), activation NONE, LEAKY_RELU or PRELU. gamma, beta: [gamma_rows, channels]; gamma_rows is
// 1, or groups * rows / rows_per_gamma for class-conditional norms (each gamma row serves rows_per_gamma consecutive rows); NULL = 1, 0.
// slopes of PRELU: [channels], or one for all when slope_count is 1; not read for other activations.
typedef struct fk_norm_geometry {
  int64_t groups, rows, channels;
  int64_t rows_per_gamma;             // 0: one gamma row for all
  float epsilon;
  fk_activation activation;
  float slope;
  int64_t slope_count;                // 1 or channels
} fk_norm_geometry;

// ---------------------------------------------------------------- the table
typedef struct fk_table {
  const char *name;             // "scalar", "portable", "avx2", "avx512", "neon"
  int32_t vector_floats;        // lanes

  // Bytes that `convolution` needs for this geometry and role; 0 is common. For this n alone: more
  // images may need less, where they change the way that large weights go (never the bytes that come out).
  size_t (*convolution_workspace)(const fk_conv_geometry *, fk_conv_role);
  // `epilogue` may be NULL. out is overwritten.
  fk_status (*convolution)(const fk_conv_geometry *, fk_conv_role, const float *a, const float *b, const fk_epilogue *epilogue, float *out,
                           void *workspace, size_t workspace_bytes);

  // Weights that stay, as in inference, are brought into a kernel's own layout (transformed, packed) once. Roles forward and data
  // gradient. The layout depends on the table and on c, k, r, s, strides, dilations and groups alone, so one preparation serves images
  // of any size and any band of their rows. `prepared_bytes` is 0 where the precision has no kernel for the geometry (never for
  // FK_FLOAT32). A prepared buffer needs no alignment and may be stored and loaded as bytes, for the same table and build.
  size_t (*prepared_bytes)(const fk_conv_geometry *, fk_conv_role, fk_precision);
  fk_status (*prepare)(const fk_conv_geometry *, fk_conv_role, fk_precision, const float *weights, void *prepared);
  size_t (*prepared_workspace)(const fk_conv_geometry *, fk_conv_role, fk_precision);
  // Like `convolution`, with `b` prepared. Rows are computed in units of 4 outputs (data gradient: 4 strides) from row 0, so bands of the
  // output's rows that start at their multiples give the bytes of the whole.
  fk_status (*convolution_prepared)(const fk_conv_geometry *, fk_conv_role, fk_precision, const float *a, const void *prepared,
                                    const fk_epilogue *epilogue, float *out, void *workspace, size_t workspace_bytes);

  size_t (*gemm_workspace)(const fk_gemm_geometry *);
  fk_status (*gemm)(const fk_gemm_geometry *, const float *a, const float *b, float *out, void *workspace, size_t workspace_bytes);

  // x == y is allowed. `a`, `b` are the op's constants.
  fk_status (*unary)(fk_unary_op, size_t n, float a, float b, const float *x, float *y);
  // Broadcasting by strides; out may be a or b when their strides equal out's.
  fk_status (*binary)(fk_binary_op, const fk_walk *, const float *a, const float *b, float *out);
  // out[walk] = a[walk]: permutes, crops, pads (into zeroed memory), broadcasts, flips, concatenates. b_stride is not read.
  fk_status (*copy)(const fk_walk *, const float *a, float *out);
  // out[walk] += a[walk]: the adjoint of an overlapping copy. out_stride must not be 0 where extent > 1.
  fk_status (*copy_add)(const fk_walk *, const float *a, float *out);
  // Sum over the axes whose out_stride is 0. out is overwritten. Blocks are fixed by extents alone.
  fk_status (*reduce_sum)(const fk_walk *, const float *a, float *out);
  // Maximum over the axes whose out_stride is 0.
  fk_status (*reduce_max)(const fk_walk *, const float *a, float *out);
  fk_status (*fill)(size_t n, float value, float *out);

  // out[i, :] = table[index[i], :]; indexes are checked by the caller.
  fk_status (*gather_rows)(size_t count, size_t width, const int32_t *index, const float *table, float *out);
  // table[index[i], :] += in[i, :], in ascending i for each row.
  fk_status (*scatter_add_rows)(size_t count, size_t width, const int32_t *index, const float *in, size_t table_rows, float *table);

  // Philox4x32-10. Sample i depends on (seed, stream, counter + i) alone.
  fk_status (*random_uniform)(uint64_t seed, uint64_t stream, uint64_t counter, size_t n, float low, float high, float *out);
  fk_status (*random_normal)(uint64_t seed, uint64_t stream, uint64_t counter, size_t n, float mean, float deviation, float *out);

  // One pass over parameter, gradient, both moments and average of all parts, in place. Parts do not overlap.
  fk_status (*adam)(const fk_adam *, size_t count, const fk_adam_part *parts);
  // average = decay * average + (1 - decay) * value, of all parts.
  fk_status (*ema)(float decay, size_t count, const fk_average_part *parts);

  // mean, inv_std: [groups, channels], written. workspace from norm_workspace.
  size_t (*norm_workspace)(const fk_norm_geometry *);
  fk_status (*norm_forward)(const fk_norm_geometry *, const float *x, const float *gamma, const float *beta, const float *slopes, float *y,
                            float *mean, float *inv_std, void *workspace, size_t workspace_bytes);
  // The same y again, by statistics that norm_forward has written: the same bytes.
  fk_status (*norm_apply)(const fk_norm_geometry *, const float *x, const float *gamma, const float *beta, const float *slopes,
                          const float *mean, const float *inv_std, float *y);
  // dgamma, dbeta: gamma's shape, overwritten; NULL when gamma is NULL. dslopes: [channels] for any slope_count, overwritten; NULL unless
  // PRELU. The activation's mask is recomputed from x and the statistics. dx may be dy.
  fk_status (*norm_backward)(const fk_norm_geometry *, const float *x, const float *gamma, const float *beta, const float *slopes,
                             const float *mean, const float *inv_std, const float *dy, float *dx, float *dgamma, float *dbeta,
                             float *dslopes, void *workspace, size_t workspace_bytes);

  // dx[i] = y[i] > 0 ? dy[i] : slope * dy[i]; y may be the leaky ReLU's result or its input. dx may be dy.
  fk_status (*leaky_relu_backward)(size_t n, float slope, const float *y, const float *dy, float *dx);
  // y[r, c] = x > 0 ? x : slopes[c] * x; slope_count is channels, or 1 for one slope. y may be x.
  fk_status (*prelu)(int64_t rows, int64_t channels, int64_t slope_count, const float *x, const float *slopes, float *y);
  // dx = dy where x > 0, else slopes[c] * dy; dslopes[slope_count] = sum of dy * x where x <= 0. dx may be dy.
  size_t (*prelu_backward_workspace)(int64_t rows, int64_t channels, int64_t slope_count);
  fk_status (*prelu_backward)(int64_t rows, int64_t channels, int64_t slope_count, const float *x, const float *slopes, const float *dy,
                              float *dx, float *dslopes, void *workspace, size_t workspace_bytes);

  // Both products of a power iteration in one reading of the matrix [rows, columns]: left[rows] = matrix * right, back[columns] = its
  // transpose * left.
  size_t (*power_workspace)(int64_t rows, int64_t columns);
  fk_status (*power_products)(int64_t rows, int64_t columns, const float *matrix, const float *right, float *left, float *back,
                              void *workspace, size_t workspace_bytes);
  // *out = sum of a[i] * b[i]
  fk_status (*dot)(size_t n, const float *a, const float *b, float *out);
  // y[r, c] = scale * x[r, c] + factor * left[r] * right[c]; y may be x.
  fk_status (*add_outer)(int64_t rows, int64_t columns, float scale, const float *x, float factor, const float *left, const float *right,
                         float *y);
} fk_table;

// The oracle: plain loops, correct for every geometry.
const fk_table *fk_scalar_table(void);
// Table by name; NULL when this build or this CPU lacks it. A slot that a fast table does not fill is the scalar one.
const fk_table *fk_table_named(const char *name);
// SCANFORGE_KERNELS when set (NULL if that table is not available), else the best table for this CPU.
const fk_table *fk_best_table(void);
// Comma-separated names of the tables that this CPU can run.
const char *fk_available_tables(void);

// ---------------------------------------------------------------- memory
// 64-byte aligned; NULL when memory is out.
void *fk_allocate(size_t bytes);
void fk_free(void *memory);
// Hands freed memory that the allocator keeps back to the system, where the C library can.
void fk_trim_memory(void);
// Address space whose pages get memory when they are first written, zeroed, beyond the first 32 MiB in large pages where the system has
// them; aligned to 2 MiB, never given back. NULL when the system refuses.
void *fk_reserve(size_t bytes);
// Returns the whole pages of a reserved stretch to the system; they read as zeros afterwards.
void fk_discard(void *memory, size_t bytes);
// Bytes of memory that the machine has.
size_t fk_physical_memory(void);

// ---------------------------------------------------------------- threads
// Results never depend on this number. 0 = number of online cores. Call from one thread.
void fk_set_threads(int32_t threads);
int32_t fk_threads(void);
// Runs body(context, i) for i in 0..<count, in any order, on the pool and the caller; returns when all are done. Not reentrant:
// called from inside a body it runs serially.
void fk_parallel(int64_t count, void *context, void (*body)(void *context, int64_t index) __attribute__((swift_attr("@Sendable"))));

// ---------------------------------------------------------------- limits
// Runs `rounds` rounds of independent fused multiply-adds in registers, as wide as the table's vectors (scalar and portable: a multiply
// and an add), on the calling thread. Returns the floating-point operations done: the yardstick of the benches.
double fk_peak_burst(const fk_table *table, int64_t rounds);

#ifdef __cplusplus
}
#endif
#endif
