// Winograd convolutions (Lavin & Gray 2016): roles forward and data gradient.

static int winograd_applies(const fk_conv_geometry *g, fk_conv_role role) {
  (void)g, (void)role;
  return 0;
}
static size_t winograd_workspace(const fk_conv_geometry *g, fk_conv_role role) {
  (void)g, (void)role;
  return 0;
}
/// `memory` is aligned and has winograd_workspace bytes.
static void winograd_run(const fk_conv_geometry *g, fk_conv_role role, const float *a, const float *weights, const fk_epilogue *e, float *out,
                         void *memory) {
  (void)g, (void)role, (void)a, (void)weights, (void)e, (void)out, (void)memory;
}
static size_t winograd_prepared_bytes(const fk_conv_geometry *g, fk_conv_role role) {
  (void)g, (void)role;
  return 0;
}
static void winograd_prepare(const fk_conv_geometry *g, fk_conv_role role, const float *weights, void *prepared) {
  (void)g, (void)role, (void)weights, (void)prepared;
}
static size_t winograd_prepared_workspace(const fk_conv_geometry *g, fk_conv_role role) {
  (void)g, (void)role;
  return 0;
}
static void winograd_run_prepared(const fk_conv_geometry *g, fk_conv_role role, const float *a, const void *prepared, const fk_epilogue *e,
                                  float *out, void *memory) {
  (void)g, (void)role, (void)a, (void)prepared, (void)e, (void)out, (void)memory;
}
