// The prepared convolutions of one table: Winograd where it applies, else the weights as they are.

static size_t prepared_bytes(const fk_conv_geometry *g, fk_conv_role role, fk_precision precision) {
  if (fk_conv_geometry_is_bad(g) || role == FK_CONV_WEIGHT_GRADIENT) return 0;
  if (precision == FK_INT16) return int16_prepared_bytes(g, role);
  return winograd_prepares(g, role) ? winograd_prepared_bytes(g, role) : fk_plain_prepared_bytes(g);
}

static fk_status prepare(const fk_conv_geometry *g, fk_conv_role role, fk_precision precision, const float *weights, void *prepared) {
  size_t bytes = prepared_bytes(g, role, precision);
  if (bytes == 0) return FK_UNSUPPORTED;
  if (precision == FK_INT16)
    int16_prepare(g, role, weights, prepared);
  else if (winograd_prepares(g, role))
    winograd_prepare(g, role, weights, prepared);
  else
    memcpy(prepared, weights, bytes);
  return FK_OK;
}

static size_t prepared_workspace(const fk_conv_geometry *g, fk_conv_role role, fk_precision precision) {
  if (prepared_bytes(g, role, precision) == 0) return 0;
  if (precision == FK_INT16) return int16_workspace(g, role) + 64;
  if (winograd_prepares(g, role)) return winograd_prepared_workspace(g, role) + 64;
  return fk_unshuffled_bytes(g) + convolution_workspace(g, role);
}

static fk_status convolution_prepared(const fk_conv_geometry *g, fk_conv_role role, fk_precision precision, const float *a,
                                      const void *prepared, const fk_epilogue *e, float *out, void *workspace, size_t workspace_bytes) {
  if (prepared_bytes(g, role, precision) == 0) return FK_UNSUPPORTED;
  if (fk_shuffle_is_bad(g, role, e)) return FK_BAD_GEOMETRY;
  if (workspace_bytes < prepared_workspace(g, role, precision)) return FK_WORKSPACE_TOO_SMALL;
  void *memory = (void *)fk_round_up((size_t)(uintptr_t)workspace, 64);
  if (precision == FK_INT16)
    int16_run(g, role, a, prepared, e, out, memory);
  else if (winograd_prepares(g, role))
    winograd_run_prepared(g, role, a, prepared, e, out, memory);
  else
    return fk_plain_convolution_prepared(convolution, g, role, a, prepared, e, out, workspace, workspace_bytes);
  return FK_OK;
}
