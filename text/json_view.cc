#include "text/json_view.h"

#include <fstream>
#include <system_error>

#include "base/json_depth.h"

namespace shoal::text {
namespace {

Error bad(const std::filesystem::path& file, const std::string& text) {
  return {Code::bad_checkpoint, file.string() + ": " + text};
}

}  // namespace

Result<nlohmann::json> read_json(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return bad(file, "the file is missing or cannot be read");
  std::error_code failed;
  const std::uintmax_t bytes = std::filesystem::file_size(file, failed);
  if (failed) return bad(file, failed.message());
  if (bytes > json_bytes_max) return bad(file, "longer than " + std::to_string(json_bytes_max) + " bytes");
  std::string text(bytes, ' ');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (depth_of_json(text) > json_depth_max) return bad(file, "nested deeper than " + std::to_string(json_depth_max));
  try {
    return nlohmann::json::parse(text);
  } catch (const nlohmann::json::exception& error) {
    return bad(file, std::string("not JSON: ") + std::string(error.what()).substr(0, 200));
  }
}

std::optional<JsonView> JsonView::find(const std::string& key) const {
  if (!value_->is_object()) return std::nullopt;
  const auto found = value_->find(key);
  if (found == value_->end() || found->is_null()) return std::nullopt;
  return JsonView(*found, where_ + "." + key);
}

Result<JsonView> JsonView::at(const std::string& key) const {
  if (!value_->is_object()) return expected(std::string("an object, found ") + value_->type_name());
  auto found = find(key);
  if (!found) return failed("\"" + key + "\" is missing");
  return std::move(*found);
}

Result<std::string> JsonView::string_at(const std::string& key) const {
  auto member = at(key);
  SHOAL_TRY(member);
  if (!member->value_->is_string())
    return member->expected(std::string("a string, found ") + member->value_->type_name());
  return member->value_->get<std::string>();
}

Result<bool> JsonView::bool_at(const std::string& key, std::optional<bool> otherwise) const {
  if (otherwise && !find(key)) return *otherwise;
  auto member = at(key);
  SHOAL_TRY(member);
  if (!member->value_->is_boolean()) {
    return member->expected(std::string("true or false, found ") + member->value_->type_name());
  }
  return member->value_->get<bool>();
}

Result<std::uint32_t> JsonView::id_at(const std::string& key) const {
  auto member = at(key);
  SHOAL_TRY(member);
  const nlohmann::json& value = *member->value_;
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() > UINT32_MAX) {
    return member->expected(std::string("a token id, found ") + value.type_name());
  }
  return value.get<std::uint32_t>();
}

Result<std::vector<JsonView>> JsonView::array_at(const std::string& key) const {
  auto member = at(key);
  SHOAL_TRY(member);
  if (!member->value_->is_array())
    return member->expected(std::string("an array, found ") + member->value_->type_name());
  std::vector<JsonView> entries;
  for (std::size_t i = 0; i < member->value_->size(); ++i) {
    entries.emplace_back((*member->value_)[i], member->where_ + "[" + std::to_string(i) + "]");
  }
  return entries;
}

}  // namespace shoal::text
