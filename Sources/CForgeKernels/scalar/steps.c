// Optimizer and averaging steps.
#include "../fk_steps.h"
#include "scalar.h"

fk_status fk_scalar_adam(const fk_adam *settings, size_t n, const float *gradient, float *parameter, float *moment1, float *moment2) {
  if (settings->step < 1) return FK_BAD_GEOMETRY;
  fk_adam_constants constants = fk_adam_prepare(settings);
  for (size_t i = 0; i < n; i++) fk_adam_element(&constants, gradient[i], &parameter[i], &moment1[i], &moment2[i]);
  return FK_OK;
}

fk_status fk_scalar_ema(size_t n, float decay, const float *value, float *average) {
  float rest = (float)(1.0 - (double)decay);
  for (size_t i = 0; i < n; i++) average[i] = fk_ema_element(decay, rest, value[i], average[i]);
  return FK_OK;
}
