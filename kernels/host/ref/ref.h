// Module `ref`: every op in plain C++, the oracle of all other modules and the backend of any machine. fp32 arithmetic
// on the stored weights; bitwise independent of batch, chunking and instruction set.
#pragma once

#include "kernels/host/ops.h"

namespace shoal::kernels::ref {

void embed(const Embed& op);
void rms_norm(const RmsNorm& op);
void matmul(const Matmul& op);
void silu_mul(const SiluMul& op);
void rope(const Rope& op);
void store_kv(const StoreKv& op);
void attention_mla(const AttentionMla& op);
void attention_expanded(const AttentionExpanded& op);
void route(const Route& op);
void add_scaled(const AddScaled& op);

// All of the above.
Ops ops();

}  // namespace shoal::kernels::ref
