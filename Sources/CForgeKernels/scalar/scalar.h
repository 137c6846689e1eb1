// The slots of the scalar table: plain loops, one thread, no workspace unless a twin says so. Each follows forge_kernels.h.
#ifndef FK_SCALAR_H
#define FK_SCALAR_H

#include "../fk_internal.h"

size_t fk_scalar_convolution_workspace(const fk_conv_geometry *, fk_conv_role);
fk_status fk_scalar_convolution(const fk_conv_geometry *, fk_conv_role, const float *, const float *, const fk_epilogue *, float *, void *,
                                size_t);
size_t fk_scalar_prepared_bytes(const fk_conv_geometry *, fk_conv_role, fk_precision);
fk_status fk_scalar_prepare(const fk_conv_geometry *, fk_conv_role, fk_precision, const float *, void *);
size_t fk_scalar_prepared_workspace(const fk_conv_geometry *, fk_conv_role, fk_precision);
fk_status fk_scalar_convolution_prepared(const fk_conv_geometry *, fk_conv_role, fk_precision, const float *, const void *,
                                         const fk_epilogue *, float *, void *, size_t);
size_t fk_scalar_int16_bytes(const fk_conv_geometry *, fk_conv_role);
void fk_scalar_int16_prepare(const fk_conv_geometry *, fk_conv_role, const float *, void *);
size_t fk_scalar_int16_workspace(const fk_conv_geometry *, fk_conv_role);
void fk_scalar_int16_run(const fk_conv_geometry *, fk_conv_role, const float *, const void *, const fk_epilogue *, float *, void *);
size_t fk_scalar_gemm_workspace(const fk_gemm_geometry *);
fk_status fk_scalar_gemm(const fk_gemm_geometry *, const float *, const float *, float *, void *, size_t);
fk_status fk_scalar_unary(fk_unary_op, size_t, float, float, const float *, float *);
fk_status fk_scalar_binary(fk_binary_op, const fk_walk *, const float *, const float *, float *);
fk_status fk_scalar_copy(const fk_walk *, const float *, float *);
fk_status fk_scalar_copy_add(const fk_walk *, const float *, float *);
fk_status fk_scalar_reduce_sum(const fk_walk *, const float *, float *);
fk_status fk_scalar_reduce_max(const fk_walk *, const float *, float *);
fk_status fk_scalar_fill(size_t, float, float *);
fk_status fk_scalar_gather_rows(size_t, size_t, const int32_t *, const float *, float *);
fk_status fk_scalar_scatter_add_rows(size_t, size_t, const int32_t *, const float *, size_t, float *);
fk_status fk_scalar_random_uniform(uint64_t, uint64_t, uint64_t, size_t, float, float, float *);
fk_status fk_scalar_random_normal(uint64_t, uint64_t, uint64_t, size_t, float, float, float *);
fk_status fk_scalar_adam(const fk_adam *, size_t, const fk_adam_part *);
fk_status fk_scalar_ema(float, size_t, const fk_average_part *);
size_t fk_scalar_norm_workspace(const fk_norm_geometry *);
fk_status fk_scalar_norm_forward(const fk_norm_geometry *, const float *, const float *, const float *, const float *, float *, float *,
                                 float *, void *, size_t);
fk_status fk_scalar_norm_apply(const fk_norm_geometry *, const float *, const float *, const float *, const float *, const float *,
                               const float *, float *);
fk_status fk_scalar_norm_backward(const fk_norm_geometry *, const float *, const float *, const float *, const float *, const float *,
                                  const float *, const float *, float *, float *, float *, float *, void *, size_t);
fk_status fk_scalar_leaky_relu_backward(size_t, float, const float *, const float *, float *);
fk_status fk_scalar_prelu(int64_t, int64_t, int64_t, const float *, const float *, float *);
size_t fk_scalar_prelu_backward_workspace(int64_t, int64_t, int64_t);
size_t fk_scalar_power_workspace(int64_t, int64_t);
fk_status fk_scalar_power_products(int64_t, int64_t, const float *, const float *, float *, float *, void *, size_t);
fk_status fk_scalar_dot(size_t, const float *, const float *, float *);
fk_status fk_scalar_add_outer(int64_t, int64_t, float, const float *, float, const float *, const float *, float *);
fk_status fk_scalar_prelu_backward(int64_t, int64_t, int64_t, const float *, const float *, const float *, float *, float *, void *, size_t);

#endif
