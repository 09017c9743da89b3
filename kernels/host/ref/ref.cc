#include "kernels/host/ref/ref.h"

namespace shoal::kernels::ref {

Ops ops() {
  return {.embed = embed,
          .rms_norm = rms_norm,
          .matmul = matmul,
          .silu_mul = silu_mul,
          .rope = rope,
          .store_kv = store_kv,
          .attention_mla = attention_mla,
          .attention_expanded = attention_expanded,
          .route = route,
          .add_scaled = add_scaled};
}

}  // namespace shoal::kernels::ref
