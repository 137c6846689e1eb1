#include "forge_kernels.h"
typedef int fk_placeholder;
