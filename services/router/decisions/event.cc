#include "services/router/decisions/event.h"

namespace shoal::router {

std::string_view name(Outcome outcome) {
  switch (outcome) {
    case Outcome::placed:
      return "placed";
    case Outcome::queued:
      return "queued";
    case Outcome::refused:
      return "refused";
    case Outcome::withdrawn:
      return "withdrawn";
    case Outcome::timed_out:
      return "timed_out";
    case Outcome::grant_lost:
      return "grant_lost";
  }
  return "";
}

std::string_view name(Standing standing) {
  switch (standing) {
    case Standing::able:
      return "able";
    case Standing::other_model:
      return "other_model";
    case Standing::other_tokenizer:
      return "other_tokenizer";
    case Standing::other_checkpoint:
      return "other_checkpoint";
    case Standing::failed_before:
      return "failed_before";
    case Standing::full:
      return "full";
    case Standing::not_drawn:
      return "not_drawn";
    case Standing::late:
      return "late";
  }
  return "";
}

std::string_view sentence(Standing standing) {
  switch (standing) {
    case Standing::able:
      return "could have taken it";
    case Standing::other_model:
      return "serves another model";
    case Standing::other_tokenizer:
      return "has another tokenizer";
    case Standing::other_checkpoint:
      return "has another checkpoint";
    case Standing::failed_before:
      return "failed this request before";
    case Standing::full:
      return "has no free slot";
    case Standing::not_drawn:
      return "was not drawn";
    case Standing::late:
      return "missed its reports";
  }
  return "";
}

}  // namespace shoal::router
