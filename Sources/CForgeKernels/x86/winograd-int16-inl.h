// Winograd convolutions of 16-bit integers, for inference.

/// 0: no kernel for this geometry and role.
static size_t int16_prepared_bytes(const fk_conv_geometry *g, fk_conv_role role) {
  (void)g, (void)role;
  return 0;
}
static void int16_prepare(const fk_conv_geometry *g, fk_conv_role role, const float *weights, void *prepared) {
  (void)g, (void)role, (void)weights, (void)prepared;
}
static size_t int16_workspace(const fk_conv_geometry *g, fk_conv_role role) {
  (void)g, (void)role;
  return 0;
}
/// `memory` is aligned and has int16_workspace bytes.
static void int16_run(const fk_conv_geometry *g, fk_conv_role role, const float *a, const void *prepared, const fk_epilogue *e, float *out,
                      void *memory) {
  (void)g, (void)role, (void)a, (void)prepared, (void)e, (void)out, (void)memory;
}
