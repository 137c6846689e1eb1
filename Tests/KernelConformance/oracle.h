// What the slots mean, in double and by definition. Nothing here is shared with the kernels.
#ifndef ORACLE_H
#define ORACLE_H

#include "draw.h"

/// Elements of the operands `a`, `b` and of the output of a convolution in one role.
void convolution_sizes(const fk_conv_geometry *g, fk_conv_role role, int64_t *a, int64_t *b, int64_t *out);
/// `out` before any epilogue.
void oracle_convolution(const fk_conv_geometry *g, fk_conv_role role, const float *a, const float *b, double *out);
/// Applies bias, residual and activation in place and shuffles pixels; returns the largest magnitude before and after.
double oracle_epilogue(const fk_epilogue *e, int32_t channels, int64_t count, double *out);
/// [n, p, q, (dy, dx, channels)] to [n, p f, q f, channels].
double *oracle_shuffled(const fk_conv_geometry *g, int32_t f, const double *in);

void oracle_product(const fk_gemm_geometry *g, const float *a, const float *b, double *out);

typedef struct norm_data {
  const float *x, *gamma, *beta, *dy;
  const float *mean, *inv_std;  // for the backward pass
} norm_data;
void oracle_norm_forward(const fk_norm_geometry *g, const norm_data *d, double *y, double *mean, double *inv_std);
void oracle_norm_backward(const fk_norm_geometry *g, const norm_data *d, double *dx, double *dgamma, double *dbeta);

#endif
