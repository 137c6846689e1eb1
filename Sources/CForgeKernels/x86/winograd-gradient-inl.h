// Weight gradients by the transposed Winograd algorithm.

static int winograd_gradient_applies(const fk_conv_geometry *g) {
  (void)g;
  return 0;
}
static size_t winograd_gradient_workspace(const fk_conv_geometry *g) {
  (void)g;
  return 0;
}
/// `memory` is aligned and has winograd_gradient_workspace bytes.
static void winograd_gradient_run(const fk_conv_geometry *g, const float *x, const float *dy, float *dw, void *memory) {
  (void)g, (void)x, (void)dy, (void)dw, (void)memory;
}
