// Direct convolutions with few channels on one side, where a matrix product has too little to do per loaded value.

static int narrow_applies(const fk_conv_geometry *g, fk_conv_role role) {
  (void)g, (void)role;
  return 0;
}
static size_t narrow_workspace(const fk_conv_geometry *g, fk_conv_role role) {
  (void)g, (void)role;
  return 0;
}
/// `memory` is aligned and has narrow_workspace bytes. `e` is NULL in the weight gradient.
static void narrow_run(const fk_conv_geometry *g, fk_conv_role role, const float *a, const float *b, const fk_epilogue *e, float *out,
                       void *memory) {
  (void)g, (void)role, (void)a, (void)b, (void)e, (void)out, (void)memory;
}
