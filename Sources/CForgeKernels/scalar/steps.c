// Optimizer and averaging steps.
#include "../fk_steps.h"
#include "scalar.h"

fk_status fk_scalar_adam(const fk_adam *settings, size_t count, const fk_adam_part *parts) {
  if (settings->step < 1) return FK_BAD_GEOMETRY;
  fk_adam_constants constants = fk_adam_prepare(settings);
  float decay = settings->average_decay, rest = fk_ema_rest(decay);
  for (const fk_adam_part *p = parts; p < parts + count; p++) {
    for (size_t i = 0; i < p->n; i++) fk_adam_element(&constants, p->gradient[i], &p->parameter[i], &p->moment1[i], &p->moment2[i]);
    for (size_t i = 0; p->average && i < p->n; i++) p->average[i] = fk_ema_element(decay, rest, p->parameter[i], p->average[i]);
  }
  return FK_OK;
}

fk_status fk_scalar_ema(float decay, size_t count, const fk_average_part *parts) {
  float rest = fk_ema_rest(decay);
  for (const fk_average_part *p = parts; p < parts + count; p++)
    for (size_t i = 0; i < p->n; i++) p->average[i] = fk_ema_element(decay, rest, p->value[i], p->average[i]);
  return FK_OK;
}
