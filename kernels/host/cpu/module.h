// The ops of one CPU module. This folder is compiled once per instruction set, each time with SHOAL_CPU_MODULE as the
// module's name; kernels/host/modules.cc chooses at run time. Ops that are not here run on `ref`.
#pragma once

#include "kernels/host/cpu/lanes.h"
#include "kernels/host/ops.h"

namespace shoal::kernels::SHOAL_CPU_MODULE {

void matmul(const Matmul& op);
void attention_mla(const AttentionMla& op);
void rms_norm(const RmsNorm& op);
void silu_mul(const SiluMul& op);
void add_scaled(const AddScaled& op);

// Fills what this module has.
void fill(Ops& ops);

}  // namespace shoal::kernels::SHOAL_CPU_MODULE
