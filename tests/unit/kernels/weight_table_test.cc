#include "kernels/weight_table.h"

#include <map>
#include <set>
#include <tuple>
#include <vector>

#include <doctest/doctest.h>

#include "kernels/host/weights.h"
#include "tests/unit/kernels/random_model.h"

using namespace shoal;
using namespace shoal::kernels;

namespace {

using Key = std::tuple<Part, std::uint32_t, std::uint32_t>;

struct Row {
  std::uint32_t rows = 0;
  std::uint32_t cols = 0;
  Split split;
};

std::map<Key, Row> table_of(const Spec& spec) {
  std::map<Key, Row> table;
  each_weight(spec, [&](WeightId id, std::uint32_t rows, std::uint32_t cols, Split split) {
    REQUIRE(table.emplace(Key{id.part, id.layer, id.expert}, Row{rows, cols, split}).second);
  });
  return table;
}

// A model of the other kind of attention and of the other kind of gate.
Spec other_spec() {
  Spec spec = small_spec();
  spec.tied_embeddings = true;
  spec.attention = GqaSpec{.heads = 6, .kv_heads = 2, .head_dim = 8, .qkv_bias = true};
  spec.moe->scoring = Scoring::sigmoid;
  spec.moe->correction_bias = true;
  return spec;
}

}  // namespace

TEST_CASE("the table has each weight that loading asks for, once and in the same shape") {
  class Asked : public RandomSource {
  public:
    using RandomSource::RandomSource;
    Result<Tensor> tensor(WeightId id, std::uint32_t rows, std::uint32_t cols) override {
      CHECK(asked.emplace(Key{id.part, id.layer, id.expert}, std::pair{rows, cols}).second);
      return RandomSource::tensor(id, rows, cols);
    }
    std::map<Key, std::pair<std::uint32_t, std::uint32_t>> asked;
  };
  for (const bool tied : {false, true}) {
    Spec spec = small_spec();
    spec.tied_embeddings = tied;
    Asked source{1};
    REQUIRE(load_weights(spec, source));
    const auto table = table_of(spec);
    CHECK(table.size() == source.asked.size());
    for (const auto& [key, row] : table) CHECK(source.asked.at(key) == std::pair{row.rows, row.cols});
    CHECK(table.contains({Part::head, 0, 0}) != tied);
  }
}

TEST_CASE(
    "queries come from one matrix or from two, biases stand where the model has them, and keys have their heads") {
  Spec spec = small_spec();
  CHECK(table_of(spec).contains({Part::q_b, 2, 0}));
  CHECK_FALSE(table_of(spec).contains({Part::q, 2, 0}));
  spec.mla().q_lora_rank = 0;
  CHECK(table_of(spec).at({Part::q, 2, 0}).rows == 3 * 20);
  CHECK_FALSE(table_of(spec).contains({Part::q_a, 2, 0}));
  CHECK_FALSE(table_of(spec).contains({Part::kv_a_bias, 0, 0}));
  spec.mla().bias = true;
  CHECK(table_of(spec).at({Part::kv_a_bias, 0, 0}).cols == 36);

  const auto other = table_of(other_spec());
  CHECK(other.at({Part::q, 0, 0}).rows == 48);
  CHECK(other.at({Part::k, 0, 0}).rows == 16);
  CHECK(other.at({Part::v_bias, 1, 0}).cols == 16);
  CHECK(other.at({Part::router_bias, 1, 0}).cols == 6);
  CHECK_FALSE(other.contains({Part::router_bias, 0, 0}));  // a dense layer
  CHECK_FALSE(other.contains({Part::kv_b, 0, 0}));
}

TEST_CASE("ranks tile every weight with whole heads, and what one makes by rows another takes by the same columns") {
  for (const Spec& spec : {small_spec(), other_spec()}) {
    for (const std::uint32_t ranks : {1u, 2u}) {
      for (const auto& [key, row] : table_of(spec)) {
        const std::uint32_t size = row.split.by == Split::By::rows ? row.rows : row.cols;
        if (size / row.split.unit < ranks) continue;
        std::uint32_t reached = 0;
        for (std::uint32_t rank = 0; rank < ranks; ++rank) {
          const auto share = share_of(size, row.split, {rank, ranks});
          REQUIRE(share);
          if (row.split.by == Split::By::nothing) {
            CHECK(share->count == size);
            continue;
          }
          CHECK(share->first == reached);
          CHECK(share->count % row.split.unit == 0);
          CHECK(share->count > 0);
          reached += share->count;
        }
        if (row.split.by != Split::By::nothing) CHECK(reached == size);
      }
    }
  }
  const auto table = table_of(small_spec());
  for (const std::uint32_t rank : {0u, 1u}) {
    const Shard shard{rank, 2};
    const auto heads_of = [&](Part part, std::uint32_t size) {
      const Row& row = table.at({part, 0, 0});
      return share_of(size, row.split, shard)->count / row.split.unit;
    };
    CHECK(heads_of(Part::q_b, 60) == heads_of(Part::o, 30));
    CHECK(heads_of(Part::kv_b, 66) == heads_of(Part::o, 30));
    CHECK(heads_of(Part::gate, 52) == heads_of(Part::down, 52));
  }
}

TEST_CASE("more ranks than heads are refused") {
  const auto share = share_of(24, {Split::By::rows, 8}, {.rank = 3, .ranks = 4});
  REQUIRE(!share);
  CHECK(share.error().code == Code::bad_config);
}
