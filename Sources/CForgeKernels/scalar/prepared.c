// Prepared convolutions of the oracle: the weights as they are, or in 16-bit integers.
#include "../fk_prepared.h"
#include "scalar.h"

size_t fk_scalar_prepared_bytes(const fk_conv_geometry *g, fk_conv_role role, fk_precision precision) {
  if (fk_conv_geometry_is_bad(g) || role == FK_CONV_WEIGHT_GRADIENT) return 0;
  return precision == FK_INT16 ? fk_scalar_int16_bytes(g, role) : fk_plain_prepared_bytes(g);
}

fk_status fk_scalar_prepare(const fk_conv_geometry *g, fk_conv_role role, fk_precision precision, const float *weights, void *prepared) {
  size_t bytes = fk_scalar_prepared_bytes(g, role, precision);
  if (bytes == 0) return FK_UNSUPPORTED;
  if (precision == FK_INT16)
    fk_scalar_int16_prepare(g, role, weights, prepared);
  else
    memcpy(prepared, weights, bytes);
  return FK_OK;
}

size_t fk_scalar_prepared_workspace(const fk_conv_geometry *g, fk_conv_role role, fk_precision precision) {
  if (fk_scalar_prepared_bytes(g, role, precision) == 0) return 0;
  return precision == FK_INT16 ? fk_scalar_int16_workspace(g, role) : fk_unshuffled_bytes(g) + fk_scalar_convolution_workspace(g, role);
}

fk_status fk_scalar_convolution_prepared(const fk_conv_geometry *g, fk_conv_role role, fk_precision precision, const float *a,
                                         const void *prepared, const fk_epilogue *epilogue, float *out, void *workspace,
                                         size_t workspace_bytes) {
  if (fk_scalar_prepared_bytes(g, role, precision) == 0) return FK_UNSUPPORTED;
  if (workspace_bytes < fk_scalar_prepared_workspace(g, role, precision)) return FK_WORKSPACE_TOO_SMALL;
  if (precision == FK_FLOAT32)
    return fk_plain_convolution_prepared(fk_scalar_convolution, g, role, a, prepared, epilogue, out, workspace, workspace_bytes);
  if (fk_shuffle_is_bad(g, role, epilogue)) return FK_BAD_GEOMETRY;
  fk_scalar_int16_run(g, role, a, prepared, epilogue, out, workspace);
  return FK_OK;
}
