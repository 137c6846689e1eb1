// The oracle table.
#include "scalar.h"

const fk_table fk_scalar = {
    .name = "scalar",
    .vector_floats = 1,
    .convolution_workspace = fk_scalar_convolution_workspace,
    .convolution = fk_scalar_convolution,
    .gemm_workspace = fk_scalar_gemm_workspace,
    .gemm = fk_scalar_gemm,
    .unary = fk_scalar_unary,
    .binary = fk_scalar_binary,
    .copy = fk_scalar_copy,
    .copy_add = fk_scalar_copy_add,
    .reduce_sum = fk_scalar_reduce_sum,
    .reduce_max = fk_scalar_reduce_max,
    .fill = fk_scalar_fill,
    .gather_rows = fk_scalar_gather_rows,
    .scatter_add_rows = fk_scalar_scatter_add_rows,
    .random_uniform = fk_scalar_random_uniform,
    .random_normal = fk_scalar_random_normal,
    .adam = fk_scalar_adam,
    .ema = fk_scalar_ema,
    .norm_workspace = fk_scalar_norm_workspace,
    .norm_forward = fk_scalar_norm_forward,
    .norm_backward = fk_scalar_norm_backward,
};
